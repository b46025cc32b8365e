import { useMemo } from 'preact/hooks';
import type { Table } from '../api.js';
import { send } from '../data/ask.js';
import { point, trace, traceHead } from '../data/store.js';
import { Chart } from '../parts/chart.js';
import { SeqLink, ThingLink } from '../parts/links.js';
import { Scroll } from '../parts/scroll.js';
import { useAnswer } from '../parts/use-answer.js';
import { VirtualTable } from '../parts/virtual-table.js';
import { domainText } from '../text.js';
import { LockGraph } from './lock-graph.js';

const BINS = 120;

/** What is held here, which locks were taken under which, and where there was waiting. */
export function LocksView() {
  const { start, end, sqlName } = traceHead.value!;
  const t = trace.value;
  const of = `trace = '${sqlName.replaceAll("'", "''")}'`;
  const edges = useAnswer(
    signal =>
      send<Table>(
        'sql',
        {
          sql: `select a.name as held, b.name as taken, sum(e.count)::bigint as times, min(e.first_seq)::bigint as first_seq
from lock_edges e join lock_classes a on a.id = e.held_class and a.trace = e.trace join lock_classes b on b.id = e.acquired_class and b.trace = e.trace where e.${of} group by all order by times desc limit 200`,
        },
        signal,
      ),
    [t],
  );
  // Facts are kept by the first query that needs them.
  const stat = useAnswer(
    edges.value.busy ? undefined : signal => send<Table>('sql', { sql: `from lock_stat where ${of}` }, signal),
    [t, edges.value.busy],
  );
  const width = Math.max(1, Math.ceil((end - start) / BINS));
  const waits = useAnswer(
    signal =>
      send<Table>(
        'sql',
        {
          sql: `select (seq // ${width}) * ${width} as seq, count(*) filter (kind = 'lock_acquire') as acquired, count(*) filter (kind = 'lock_wait') as waited from events where ${of} and kind in ('lock_acquire', 'lock_wait') group by 1 order by 1`,
        },
        signal,
      ),
    [t],
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
                  <th scope="row">{pcpu}</th>
                  <td>{domid === null ? <span class="unknown">unknown</span> : `${domainText(domid)}v${vcpu}`}</td>
                  <td>
                    {at.held
                      .filter(held => held.pcpu === pcpu)
                      .map(held => (
                        <div key={`${held.lock} ${held.since_seq}`}>
                          <ThingLink to={`lock ${held.lock}`}>{held.class ?? held.lock}</ThingLink> {held.mode}
                          {held.level !== null && `, level ${held.level}`} since <SeqLink at={held.since_seq} />
                          {(held.symbol ?? held.caller) !== null && (
                            <span class="by"> from {held.symbol ?? held.caller}</span>
                          )}
                        </div>
                      ))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {at !== undefined && at.more > 0 && <p class="hint">{at.more} more, within these: releases may be missing</p>}
      <h2>over time</h2>
      <Answer of={waits} what="acquisitions and waits" draw={table => <OverTime table={table} width={width} />} />
      <h2>order</h2>
      <Answer of={edges} what="the order of locks" draw={table => <LockGraph table={table} />} />
      <h2>contention</h2>
      <Answer
        of={stat}
        what="lock statistics"
        draw={table => <VirtualTable table={table} label="contention by class" />}
      />
    </section>
  );
}

function OverTime({ table, width }: { readonly table: Table; readonly width: number }) {
  const { start, end } = traceHead.value!;
  const chart = useMemo(() => {
    const rows = new Map(table.rows.map(row => [Number(row[0]), row]));
    const first = Math.floor((start + 1) / width);
    const x = Array.from({ length: Math.floor(end / width) - first + 1 }, (_, i) => (first + i) * width);
    const of = (label: string, column: number) => ({ label, values: x.map(at => Number(rows.get(at)?.[column] ?? 0)) });
    const waited = of('waited', 2);
    // Without a single wait nobody knows whether waiting was recorded.
    const isKnown = waited.values.some(count => count > 0);
    return { x, isKnown, series: isKnown ? [of('acquired', 1), waited] : [of('acquired', 1)] };
  }, [table]);
  if (table.rows.length === 0) return <p>no lock was taken</p>;
  return (
    <>
      <Chart x={chart.x} series={chart.series} label="locks acquired, and waits, over seq" />
      {!chart.isKnown && <p class="hint">no waiting was recorded: that is unknown, not zero</p>}
    </>
  );
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
  const { value, busy, failed } = of.value;
  if (failed !== '') return <p class="problem">{failed}</p>;
  if (value === undefined) return busy ? <p class="hint">{what}: the trace is being read…</p> : null;
  return <>{draw(value)}</>;
}
