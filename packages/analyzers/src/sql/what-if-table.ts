import { DISCIPLINES, GRANULARITIES, UPGRADES, type WhatIfRow, whatIf } from '@p2mtrace/replayer';
import type { TraceReader } from '@p2mtrace/trace-format';
import type { FactColumn, FactTable } from './fact-table.js';

/** NaN for what there is none of. */
type Value = (row: WhatIfRow) => number;

/** Counts and ticks; the latter are whole. */
const WHOLE: Readonly<Record<string, Value>> = {
  pcpus: ({ pcpus }) => pcpus,
  sections: ({ sections }) => sections,
  waited: ({ waited }) => waited,
  wait_total: ({ wait }) => wait.total,
  wait_median: ({ wait }) => wait.median ?? Number.NaN,
  wait_p99: ({ wait }) => wait.p99 ?? Number.NaN,
  wait_max: ({ wait }) => wait.max ?? Number.NaN,
  other_wait: ({ otherWait }) => otherWait,
  makespan: ({ makespan }) => makespan,
  parallel_peak: ({ parallelism }) => parallelism.peak,
  upgrades: ({ upgrades }) => upgrades,
  refused: ({ refused }) => refused?.refused ?? Number.NaN,
  deadlocks: ({ deadlocks }) => deadlocks,
  forced: ({ forced }) => forced,
  locks_peak: ({ memory }) => memory.peak,
  locks_ever: ({ memory }) => memory.ever,
  locks_preallocated: ({ memory }) => memory.preallocated,
};
const PARTS: Readonly<Record<string, Value>> = {
  ratio: ({ ratio }) => ratio,
  parallel_mean: ({ parallelism }) => parallelism.mean,
  parallel_lost: ({ parallelism }) => parallelism.lost,
};

export const WHAT_IF_COLUMNS = ['discipline', 'granularity', 'upgrade', ...Object.keys(WHOLE), ...Object.keys(PARTS)];

/** What each lock design would have cost, as `p2mtrace whatif` says without options. @throws P2mError P2M_DAMAGED */
export function whatIfTable(reader: TraceReader): FactTable {
  const { rows } = whatIf(reader);
  const name = (column: string, names: readonly string[], of: (row: WhatIfRow) => string | null): FactColumn => ({
    name: column,
    type: 'code',
    values: Int8Array.from(rows, row => names.indexOf(of(row) ?? '')),
    names,
  });
  const numbers = (values: Readonly<Record<string, Value>>, type: 'seq' | 'f64'): FactColumn[] =>
    Object.entries(values).map(([column, value]) => ({ name: column, type, values: Float64Array.from(rows, value) }));
  const columns = [
    name('discipline', DISCIPLINES, row => row.discipline),
    name('granularity', GRANULARITIES, row => row.granularity),
    name('upgrade', UPGRADES, row => row.upgrade),
    ...numbers(WHOLE, 'seq'),
    ...numbers(PARTS, 'f64'),
  ];
  return { name: 'whatif', rows: rows.length, columns };
}
