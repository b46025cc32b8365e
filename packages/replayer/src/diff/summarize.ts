import type { StateChange, Values } from './state-change.js';

/** Changes of the same kind: the same table, p2m and values, whatever the frames. */
export interface ChangeSummary {
  readonly table: string;
  readonly subject: StateChange['subject'];
  /** Number of frames with this change; null if it is not about frames. */
  readonly frames: number | null;
  /** Runs of frames, or rows. */
  readonly changes: number;
  readonly before: Values | null;
  readonly after: Values | null;
}

/** Columns that vary with frame or time: left out of subjects, shown as `*` in values. */
const OWN = new Set(['gfn', 'mfn', 'm2p', 'lock', 'pcpu', 'generation', 'since_seq', 'caller']);

/** Counts of changes, table by table, most frequent first. */
export function summarize(changes: Iterable<StateChange>): ChangeSummary[] {
  const sums = new Map<string, ChangeSummary>();
  for (const { table, subject, frames, before, after } of changes) {
    const common = { table, subject: sharedSubject(subject), before: sharedValues(before), after: sharedValues(after) };
    const key = JSON.stringify(common, (_, value) => (typeof value === 'bigint' ? String(value) : value));
    const sum = sums.get(key) ?? { ...common, frames: frames === null ? null : 0, changes: 0 };
    const total = sum.frames === null || frames === null ? null : sum.frames + frames;
    sums.set(key, { ...sum, frames: total, changes: sum.changes + 1 });
  }
  const tables = [...new Set([...sums.values()].map(({ table }) => table))];
  const rank = ({ table }: ChangeSummary) => tables.indexOf(table);
  return [...sums.values()].sort((a, b) => rank(a) - rank(b) || (b.frames ?? b.changes) - (a.frames ?? a.changes));
}

function sharedSubject(subject: StateChange['subject']): StateChange['subject'] {
  return Object.fromEntries(Object.entries(subject).filter(([name]) => !OWN.has(name)));
}

function sharedValues(values: Values | null): Values | null {
  if (values === null) return null;
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, OWN.has(name) && value !== null ? '*' : value]),
  );
}
