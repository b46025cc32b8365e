import { useMemo } from 'preact/hooks';
import type { Table } from '../api.js';
import { send } from '../data/ask.js';
import { point, traceHead } from '../data/store.js';
import { Chart } from '../parts/chart.js';
import { Value } from '../parts/links.js';
import { Scroll } from '../parts/scroll.js';
import { useAnswer } from '../parts/use-answer.js';
import { VirtualTable } from '../parts/virtual-table.js';
import { vcpuText } from '../text.js';
import { HeldLocks } from './held-locks.js';
import { LockDesigns } from './lock-designs.js';
import { LockGraph } from './lock-graph.js';

const BINS = 120;

/** By query: whoever comes back does not ask again. */
const kept = new Map<string, Promise<Table>>();

function tableOf(sql: string): Promise<Table> {
  const before = kept.get(sql);
  if (before !== undefined) return before;
  const asked = send<Table>('sql', { sql });
  kept.set(sql, asked);
  asked.catch(() => kept.delete(sql));
  return asked;
}

const useTable = (sql: string | undefined) =>
  useAnswer(sql === undefined ? undefined : () => tableOf(sql), [sql], sql ?? '');

/** What is held here, which locks were taken under which, and where there was waiting. */
export function LocksView() {
  const { start, end, sqlName, hasWaits } = traceHead.value!;
  const of = `trace = '${sqlName.replaceAll("'", "''")}'`;
  const width = Math.max(1, Math.ceil((end - start) / BINS));
  const bin = (column: string) => `(${column} // ${width}) * ${width} as seq`;
  const edges = useTable(
    `select a.name as held, b.name as taken, sum(e.count)::bigint as times, min(e.first_seq)::bigint as first_seq
from lock_edges e join lock_classes a on a.id = e.held_class and a.trace = e.trace
join lock_classes b on b.id = e.acquired_class and b.trace = e.trace
where e.${of} group by all order by times desc limit 200`,
  );
  // Facts are kept by the first query that needs them.
  const { busy } = edges;
  const stat = useTable(
    busy
      ? undefined
      : `select * exclude (trace) replace (round(wait_avg, 1) as wait_avg, round(hold_avg, 1) as hold_avg)
from lock_stat where ${of}`,
  );
  const counts = useTable(
    `select ${bin('seq')}, count(*) filter (kind = 'lock_acquire') as acquired, count(*) filter (kind = 'lock_wait') as waited
from events where ${of} and kind in ('lock_acquire', 'lock_wait') group by 1 order by 1`,
  );
  // From lock_wait to lock_acquire, where the wait began.
  const times = useTable(
    busy || !hasWaits
      ? undefined
      : `select ${bin('wait_seq')}, sum(wait)::double as total, max(wait)::double as longest
from lock_waits where ${of} group by 1 order by 1`,
  );
  const at = point.value;
  return (
    <section aria-label="Locks">
      <h2>held here</h2>
      {at !== undefined && (
        <Scroll kind="short" label="locks held by pcpu">
          <table>
            <thead>
              <tr>
                <th scope="col">pcpu</th>
                <th scope="col">runs</th>
                <th scope="col">holds, outermost first</th>
              </tr>
            </thead>
            <tbody>
              {at.running.map(({ pcpu, domid, vcpu }) => (
                <tr key={pcpu}>
                  <th scope="row">
                    <Value name="pcpu" value={pcpu} />
                  </th>
                  <td>{vcpuText(domid, vcpu)}</td>
                  <td>
                    <HeldLocks held={at.held.filter(held => held.pcpu === pcpu)} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {at !== undefined && at.more > 0 && <p class="hint">{at.more} more, within these: releases may be missing</p>}
      <h2>order</h2>
      <Answer of={edges} what="the order of locks" draw={table => <LockGraph table={table} />} />
      <h2>over time</h2>
      <Answer of={counts} what="acquisitions and waits" draw={table => <OverTime table={table} width={width} />} />
      {hasWaits && <Answer of={times} what="waiting" draw={table => <WaitTimes table={table} width={width} />} />}
      <h2>contention</h2>
      <Answer
        of={stat}
        what="lock statistics"
        draw={table => (
          <>
            <VirtualTable table={table} label="contention by class" />
            <p class="hint">waits and holds in ticks of the TSC</p>
          </>
        )}
      />
      <h2>what if</h2>
      <LockDesigns />
    </section>
  );
}

/**
 * Numbers of a table by bins of the trace, whose first column is where each begins. Bins without a row have none; what
 * a row does not know stays null.
 */
function binned({ rows }: Table, width: number, columns: Readonly<Record<string, number>>) {
  const { start, end } = traceHead.value!;
  const byBin = new Map(rows.map(row => [Number(row[0]), row]));
  const first = Math.floor((start + 1) / width);
  const x = Array.from({ length: Math.floor(end / width) - first + 1 }, (_, i) => (first + i) * width);
  const series = Object.entries(columns).map(([label, column]) => ({
    label,
    values: x.map(at => {
      const row = byBin.get(at);
      return row === undefined ? 0 : (row[column] as number | null);
    }),
  }));
  return { x, series };
}

function OverTime({ table, width }: { readonly table: Table; readonly width: number }) {
  const { hasWaits } = traceHead.value!;
  const chart = useMemo(() => binned(table, width, hasWaits ? { acquired: 1, waited: 2 } : { acquired: 1 }), [table]);
  if (table.rows.length === 0) return <p>no lock was taken</p>;
  return (
    <>
      <Chart over="seq" {...chart} label="locks acquired, and waits, over seq" />
      {!hasWaits && <p class="hint">no waiting was recorded: that is unknown, not zero</p>}
    </>
  );
}

function WaitTimes({ table, width }: { readonly table: Table; readonly width: number }) {
  const { tscHz } = traceHead.value!;
  const chart = useMemo(() => {
    const { x, series } = binned(table, width, { 'waited in all': 1, 'longest wait': 2 });
    const unit = tscHz === null ? 'ticks' : 'µs';
    const scale = tscHz === null ? 1 : 1e6 / tscHz;
    return {
      x,
      series: series.map(({ label, values }) => ({
        label: `${label}, ${unit}`,
        values: values.map(one => (one === null ? null : one * scale)),
      })),
    };
  }, [table]);
  if (table.rows.length === 0)
    return <p class="hint">for how long is not known: no wait and its acquisition have TSCs</p>;
  return <Chart over="seq" {...chart} label="how long was waited for locks, over seq" />;
}

function Answer({
  of,
  what,
  draw,
}: {
  readonly of: ReturnType<typeof useAnswer<Table>>;
  readonly what: string;
  readonly draw: (table: Table) => preact.ComponentChild;
}) {
  const { value, busy, failed } = of;
  if (failed !== '') return <p class="problem">{failed}</p>;
  if (value === undefined) return busy ? <p class="hint">{what}: the trace is being read…</p> : null;
  return <>{draw(value)}</>;
}
