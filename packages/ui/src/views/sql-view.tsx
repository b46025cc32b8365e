import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { SqlWords, Table } from '../api.js';
import { ask, send } from '../data/ask.js';
import { problem, tell } from '../data/store.js';
import { Chart } from '../parts/chart.js';
import { VirtualTable } from '../parts/virtual-table.js';

const KEY = 'p2mtrace-queries';
const FIRST = 'select kind, count(*) as events from events group by kind order by events desc';

type Saved = Readonly<Record<string, string>>;

/** What this browser keeps; nothing where it keeps nothing. */
function saved(): Saved {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return typeof found === 'object' && found !== null ? (found as Saved) : {};
  } catch {
    return {};
  }
}

interface Editor {
  text(): string;
  set(text: string): void;
  close(): void;
}

/** Queries; what they name can be gone to. */
export function SqlView() {
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | undefined>(undefined);
  const running = useRef<AbortController | undefined>(undefined);
  const state = useSignal<{ table?: Table; busy?: boolean; failed?: string; took?: number }>({});
  const queries = useSignal<Saved>(saved());
  const name = useSignal('');
  const run = async () => {
    running.current?.abort();
    const own = new AbortController();
    running.current = own;
    state.value = { busy: true };
    const started = performance.now();
    try {
      const table = await send<Table>('sql', { sql: editor.current?.text() ?? '' }, own.signal);
      if (running.current === own) state.value = { table, took: performance.now() - started };
    } catch (error) {
      // Another query took its place.
      if (running.current !== own) return;
      const { message, remedy } = error as Error & { remedy?: string | null };
      state.value = { failed: own.signal.aborted ? 'stopped' : `${message}${remedy ? `\n${remedy}` : ''}` };
    }
  };
  useEffect(() => {
    let closed = false;
    Promise.all([import('../parts/sql-editor.js'), ask<SqlWords>('words')]).then(([{ openEditor }, words]) => {
      if (closed || place.current === null) return;
      editor.current = openEditor(place.current, FIRST, words, () => void run());
    }, tell);
    return () => {
      closed = true;
      editor.current?.close();
      running.current?.abort();
    };
  }, []);
  const keep = () => {
    const text = editor.current?.text() ?? '';
    if (name.value.trim() === '' || text === '') return;
    queries.value = { ...queries.value, [name.value.trim()]: text };
    try {
      localStorage.setItem(KEY, JSON.stringify(queries.value));
    } catch {
      problem.value = 'this browser keeps nothing: the query is there until the page is closed';
    }
  };
  const { table, busy, failed, took } = state.value;
  return (
    <section aria-label="SQL">
      <div ref={place} class="editor" />
      <div class="bar">
        <button type="button" class="main" onClick={() => void run()} title="Ctrl+Enter">
          run
        </button>
        {busy && (
          <button type="button" onClick={() => running.current?.abort()}>
            stop
          </button>
        )}
        <label>
          <span>kept queries</span>
          <select
            value=""
            onChange={event => {
              const chosen = event.currentTarget.value;
              if (chosen !== '') editor.current?.set(queries.value[chosen] ?? '');
              name.value = chosen;
            }}
          >
            <option value="">choose…</option>
            {Object.keys(queries.value)
              .sort()
              .map(one => (
                <option key={one}>{one}</option>
              ))}
          </select>
        </label>
        <label>
          <span>name</span>
          <input value={name.value} onInput={event => (name.value = event.currentTarget.value)} />
        </label>
        <button type="button" onClick={keep}>
          keep
        </button>
      </div>
      <div aria-live="polite">
        {busy && <p class="hint">the query runs…</p>}
        {failed !== undefined && <pre class="problem">{failed}</pre>}
        {took !== undefined && <p class="hint">{(took / 1000).toFixed(2)} s</p>}
      </div>
      {table !== undefined && <VirtualTable table={table} label="result" />}
      {table !== undefined && <ResultChart table={table} />}
    </section>
  );
}

/** Columns of numbers over the first of them, if there are two. */
function ResultChart({ table }: { readonly table: Table }) {
  const chart = useMemo(() => {
    const numeric = table.columns.flatMap((name, i) =>
      table.rows.length > 1 && table.rows.every(row => row[i] === null || typeof row[i] === 'number')
        ? [{ name, i }]
        : [],
    );
    const [first, ...others] = numeric;
    // A single column is drawn over the number of its row.
    const x = others.length === 0 ? undefined : first;
    const rows = [...table.rows.keys()];
    const at = (row: number) => (x === undefined ? row : Number(table.rows[row][x.i]));
    rows.sort((a, b) => at(a) - at(b));
    const ys = x === undefined ? numeric : others;
    if (ys.length === 0) return undefined;
    return {
      over: x?.name ?? 'row',
      x: rows.map(at),
      series: ys
        .slice(0, 6)
        .map(({ name, i }) => ({ label: name, values: rows.map(row => table.rows[row][i] as number | null) })),
    };
  }, [table]);
  if (chart === undefined) return null;
  return (
    <details>
      <summary>chart over {chart.over}</summary>
      <Chart
        x={chart.x}
        over={chart.over}
        series={chart.series}
        label={`${chart.series.map(({ label }) => label).join(', ')} over ${chart.over}`}
      />
    </details>
  );
}
