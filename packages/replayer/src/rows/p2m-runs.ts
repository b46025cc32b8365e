import type { P2mRow } from './state-rows.js';

/** Leaves with consecutive gfns, consecutive mfns if they have any, and the same type and access. */
export interface P2mRun {
  readonly domid: number;
  readonly view: string;
  readonly gfn: number;
  readonly lastGfn: number;
  readonly mfn: number | null;
  readonly p2m_type: string;
  readonly access: string | null;
  readonly leaves: number;
  /** The first and last set_entry among its leaves. */
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
}

/** Merges the rows of `p2mRows` into runs. */
export function* p2mRuns(rows: Iterable<P2mRow>): Generator<P2mRun> {
  let run: P2mRun | undefined;
  for (const row of rows) {
    if (run !== undefined && continues(run, row)) {
      run = {
        ...run,
        lastGfn: row.gfn + 2 ** row.order - 1,
        leaves: run.leaves + 1,
        firstSeq: least(run.firstSeq, row.set_seq, Math.min),
        lastSeq: least(run.lastSeq, row.set_seq, Math.max),
      };
      continue;
    }
    if (run !== undefined) yield run;
    const { order, set_seq, ...same } = row;
    run = { ...same, lastGfn: row.gfn + 2 ** order - 1, leaves: 1, firstSeq: set_seq, lastSeq: set_seq };
  }
  if (run !== undefined) yield run;
}

function continues(run: P2mRun, row: P2mRow): boolean {
  if (run.domid !== row.domid || run.view !== row.view || run.lastGfn + 1 !== row.gfn) return false;
  if (run.p2m_type !== row.p2m_type || run.access !== row.access) return false;
  return run.mfn === null || row.mfn === null ? run.mfn === row.mfn : row.mfn - run.mfn === row.gfn - run.gfn;
}

function least(a: number | null, b: number | null, choose: (a: number, b: number) => number): number | null {
  return a === null ? b : b === null ? a : choose(a, b);
}
