/** Values by column; unknown ones are null, meaningless ones (the owner of a free page) are absent. */
export type Values = Readonly<Record<string, string | number | bigint | readonly string[] | null>>;

/** A part of the state that differs between two states. */
export interface StateChange {
  /** p2m, m2p, pages or locks. */
  readonly table: string;
  /** Identifies the row: domid, view and gfn; mfn; pcpu and lock. Frames are the first of a run. */
  readonly subject: Readonly<Record<string, string | number>>;
  /** Number of frames with the same change; null if it is not about frames. */
  readonly frames: number | null;
  /** The columns that differ, or all of them if the other state knows nothing; null: nothing is known. */
  readonly before: Values | null;
  readonly after: Values | null;
}

/** The change between two rows, null if there is none. */
export function changeOf(
  table: string,
  subject: StateChange['subject'],
  frames: number | null,
  before: Values | null,
  after: Values | null,
): StateChange | null {
  if (before === null || after === null) return before === after ? null : { table, subject, frames, before, after };
  const differs = (name: string) => String(before[name]) !== String(after[name]);
  const [old, now] = [only(before, differs), only(after, differs)];
  return Object.keys({ ...old, ...now }).length === 0 ? null : { table, subject, frames, before: old, after: now };
}

function only(values: Values, wanted: (name: string) => boolean): Values {
  return Object.fromEntries(Object.entries(values).filter(([name]) => wanted(name)));
}

/**
 * Merges changes of consecutive frames. `frame` names the column of the subject that counts up; values that are frames
 * (gfn, mfn, m2p) count up with it.
 */
export function* runsOf(changes: Iterable<StateChange>, frame: string): Generator<StateChange> {
  let run: StateChange | undefined;
  for (const change of changes) {
    if (run !== undefined && follows(run, change, frame)) {
      run = { ...run, frames: (run.frames ?? 0) + (change.frames ?? 0) };
    } else {
      if (run !== undefined) yield run;
      run = change;
    }
  }
  if (run !== undefined) yield run;
}

function follows(run: StateChange, next: StateChange, frame: string): boolean {
  const frames = run.frames ?? 0;
  const same = Object.keys(run.subject).every(name => {
    const expected = run.subject[name];
    return next.subject[name] === (name === frame ? (expected as number) + frames : expected);
  });
  return same && continues(run.before, next.before, frames) && continues(run.after, next.after, frames);
}

const FRAMES = new Set(['gfn', 'mfn', 'm2p']);

function continues(run: Values | null, next: Values | null, frames: number): boolean {
  if (run === null || next === null) return run === next;
  const names = Object.keys(run);
  if (names.length !== Object.keys(next).length) return false;
  return names.every(name => {
    const value = run[name];
    const expected = FRAMES.has(name) && typeof value === 'number' ? value + frames : value;
    return name in next && String(next[name]) === String(expected);
  });
}
