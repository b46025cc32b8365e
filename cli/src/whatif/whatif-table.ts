import type { Column } from '../render/columns.js';
import { ticksText } from '../render/ticks.js';
import type { WhatIfDocument, WhatIfDocumentRow } from './whatif-document.js';

/** One column of the table for people: what it is called, and what a row has there. */
type Cell = readonly [name: string, value: (row: WhatIfDocumentRow, hz: number | undefined) => string | number | null];

/** What nobody waited for has no percentiles. */
const waitText = (ticks: number | null, hz: number | undefined) => (ticks === null ? '-' : ticksText(ticks, hz));

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;

const CELLS: readonly Cell[] = [
  ['sections', ({ sections }) => sections],
  ['waited', ({ waited }) => waited],
  ['wait', ({ wait }, hz) => ticksText(wait.total, hz)],
  ['median', ({ wait }, hz) => waitText(wait.median, hz)],
  ['p99', ({ wait }, hz) => waitText(wait.p99, hz)],
  ['longest', ({ wait }, hz) => waitText(wait.max, hz)],
  ['makespan', ({ makespan }, hz) => ticksText(makespan, hz)],
  ['ratio', ({ ratio }) => ratio.toFixed(4)],
  ['at once', ({ parallelism }) => parallelism.mean.toFixed(2)],
  ['peak', ({ parallelism }) => parallelism.peak],
  ['lost', ({ parallelism }) => percent(parallelism.lost)],
  ['upgrades', ({ upgrades }) => upgrades],
  ['deadlocks', ({ deadlockCount }) => deadlockCount],
  ['refused', ({ refused }) => refused],
  ['locks', ({ memory }) => memory.peak],
  ['ever', ({ memory }) => memory.ever],
  ['all gfns', ({ memory }) => memory.preallocated],
];

const NAMES = ['discipline', 'granularity', 'upgrade'] as const;

export const TABLE_COLUMNS: readonly Column[] = [
  ...NAMES.map(name => ({ name })),
  ...CELLS.map(([name]) => ({ name, right: true })),
];

/** Rows for people, with units. */
export function tableRows({ rows, hz }: WhatIfDocument): readonly (readonly (string | number | null)[])[] {
  return rows.map(row => [...NAMES.map(name => row[name]), ...CELLS.map(([, value]) => value(row, hz ?? undefined))]);
}

const FLAT: readonly (readonly [name: string, value: (row: WhatIfDocumentRow) => unknown])[] = [
  ['discipline', ({ discipline }) => discipline],
  ['granularity', ({ granularity }) => granularity],
  ['upgrade', ({ upgrade }) => upgrade],
  ['fairness', ({ fairness }) => fairness],
  ['pcpus', ({ pcpus }) => pcpus],
  ['sections', ({ sections }) => sections],
  ['waited', ({ waited }) => waited],
  ['wait_total', ({ wait }) => wait.total],
  ['wait_median', ({ wait }) => wait.median],
  ['wait_p99', ({ wait }) => wait.p99],
  ['wait_max', ({ wait }) => wait.max],
  ['other_wait', ({ otherWait }) => otherWait],
  ['makespan', ({ makespan }) => makespan],
  ['ratio', ({ ratio }) => ratio],
  ['parallel_mean', ({ parallelism }) => parallelism.mean],
  ['parallel_peak', ({ parallelism }) => parallelism.peak],
  ['parallel_lost', ({ parallelism }) => parallelism.lost],
  ['upgrades', ({ upgrades }) => upgrades],
  ['refused', ({ refused }) => refused],
  ['deadlocks', ({ deadlockCount }) => deadlockCount],
  ['forced', ({ forced }) => forced],
  ['foreign_waits', ({ foreign }) => foreign.waits],
  ['foreign_total', ({ foreign }) => foreign.total],
  ['foreign_max', ({ foreign }) => foreign.max],
  ['lock_bytes', ({ memory }) => memory.lockBytes],
  ['locks_peak', ({ memory }) => memory.peak],
  ['locks_ever', ({ memory }) => memory.ever],
  ['locks_preallocated', ({ memory }) => memory.preallocated],
];

export const CSV_COLUMNS: readonly Column[] = FLAT.map(([name]) => ({ name }));

/** Rows for programs: bare numbers. */
export const csvRows = ({ rows }: WhatIfDocument): readonly (readonly unknown[])[] =>
  rows.map(row => FLAT.map(([, value]) => value(row)));
