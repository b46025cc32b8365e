import { join } from 'node:path';
import type { Replay } from '@p2mtrace/replayer';
import { usageError } from '@p2mtrace/trace-format';
import { withScratchFolder } from '@p2mtrace/trace-format/output';
import type { FoundOccurrence } from '../explain/find-finding.js';
import { type Story, storyOf } from '../explain/story.js';
import { candidates, contextOfSlice } from './candidates.js';
import { minimize } from './minimize.js';
import { SlicePiece } from './slice-piece.js';
import { type TrialOptions, Trials } from './trials.js';

/** A small trace that shows a finding. */
export interface Slice {
  /** seqs of its events in the original trace, in order; they come after the snapshots. */
  readonly seqs: readonly number[];
  readonly snapshots: number;
  /** Number of slices tried. */
  readonly tries: number;
  /** Those of the seqs that are kept for the reader: writes of the finding's entry. */
  readonly context: readonly number[];
  /** Without any one of its other events, it would not show the finding, or would replay differently. */
  readonly isMinimal: boolean;
}

/**
 * Writes the smallest trace found that shows a finding again: snapshots of what was known of its subjects, then some of
 * the events. Moves the replay.
 * @throws P2mError P2M_SLICE (usage) if it does not show again, P2M_WRITE (usage), P2M_DAMAGED
 */
export async function sliceTrace(
  replay: Replay,
  found: FoundOccurrence,
  path: string,
  options: TrialOptions = {},
): Promise<Slice> {
  const slice = await withScratchFolder(folder => sliceIn(folder, replay, found, path, options));
  if (slice !== undefined) return slice;
  throw usageError(
    'P2M_SLICE',
    `${found.finding.signature} does not show again in its own events`,
    'report it: what the finding rests on is in the trace',
  );
}

/** Tries its slices in the folder. */
async function sliceIn(
  folder: string,
  replay: Replay,
  { finding, occurrence }: FoundOccurrence,
  path: string,
  options: TrialOptions,
): Promise<Slice | undefined> {
  const { reader } = replay;
  const story = storyOf(replay, occurrence);
  const withPiece = async <T>(seqs: readonly number[], of: Story, work: (piece: SlicePiece) => Promise<T>) => {
    const piece = new SlicePiece(reader, seqs, of, join(folder, 'piece.arrow'));
    return work(piece).finally(() => piece.close());
  };
  const trials = new Trials(reader, finding, folder, options);
  for (const all of candidates(reader, story)) {
    const found = await withPiece(all, story, async piece => {
      if (!(await trials.shows(piece, all))) return undefined;
      const least = await minimize(
        all,
        seqs => trials.shows(piece, seqs),
        () => trials.isSpent,
      );
      const wanted = least.length === 0 ? [] : contextOfSlice(reader, story, least);
      const context = wanted.filter(seq => all.includes(seq));
      const both = [...least, ...context].sort((a, b) => a - b);
      const isKept = context.length > 0 && (await trials.shows(piece, both));
      return isKept ? { left: both, context } : { left: least, context: [] };
    });
    if (found === undefined) continue;
    const { left, context } = found;
    // Snapshots say most if they are of the point where the slice itself begins. But what a pcpu holds there may be
    // in the way, as nothing in the slice releases it.
    const ways = [
      [left, story],
      [left, { ...story, pcpus: [] }],
      [all, story],
    ] as const;
    for (const [begin, of] of ways) {
      const snapshots = await withPiece(begin, of, async piece => {
        if (begin === left && !(await trials.shows(piece, left))) return undefined;
        piece.write(path, left);
        return piece.snapshots;
      });
      const { tries, isSpent } = trials;
      if (snapshots !== undefined) return { seqs: left, context, snapshots, tries, isMinimal: !isSpent };
    }
  }
  return undefined;
}
