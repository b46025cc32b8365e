import { join } from 'node:path';
import type { Replay } from '@p2mtrace/replayer';
import { usageError } from '@p2mtrace/trace-format';
import { withScratchFolder } from '@p2mtrace/trace-format/output';
import type { FoundOccurrence } from '../explain/find-finding.js';
import { type Story, storyOf } from '../explain/story.js';
import { type Candidate, candidates } from './candidates.js';
import { withLocks } from './lock-spans.js';
import { minimize } from './minimize.js';
import { contextOfSlice } from './slice-context.js';
import { type Shown, SlicePiece } from './slice-piece.js';
import { subjectsOfStory } from './slice-subjects.js';
import { type TrialOptions, Trials } from './trials.js';

/** A small trace that shows a finding. */
export interface Slice {
  /** seqs of its events in the original trace, in order; they come after the snapshots. */
  readonly seqs: readonly number[];
  readonly snapshots: number;
  /** Number of slices tried. */
  readonly tries: number;
  /** Those of the seqs that are kept for the reader: writes of the finding's entry, and the locks held at them. */
  readonly context: readonly number[];
  /** Without any one of its other events but the witnesses, it would not show the finding, or would replay differently. */
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
  const story = storyOf(replay, found.occurrence);
  const slice = await withScratchFolder(async folder => {
    const slicer = new Slicer(replay, found, story, folder, options);
    for (const candidate of candidates(replay.reader, story)) {
      const slice = await slicer.sliceOf(candidate, path);
      if (slice !== undefined) return slice;
    }
    return undefined;
  });
  if (slice !== undefined) return slice;
  throw usageError(
    'P2M_SLICE',
    `${found.finding.signature} does not show again in its own events`,
    'report it: what the finding rests on is in the trace',
  );
}

/** Looks for the smallest slice in one set of events after the other. */
class Slicer {
  private readonly replay: Replay;
  private readonly story: Story;
  private readonly witnesses: ReadonlySet<number>;
  private readonly trials: Trials;
  private readonly file: string;

  constructor(replay: Replay, found: FoundOccurrence, story: Story, folder: string, options: TrialOptions) {
    this.replay = replay;
    this.story = story;
    this.witnesses = new Set(found.occurrence.witness.map(({ seq }) => seq));
    this.trials = new Trials(replay.reader, found, folder, options);
    this.file = join(folder, 'piece.arrow');
  }

  /** The smallest slice found among these events, written; undefined if they do not show the finding. */
  async sliceOf({ seqs: all, shown: more }: Candidate, path: string): Promise<Slice | undefined> {
    const { reader } = this.replay;
    const { trials, story } = this;
    const writes = all.length === 0 ? [] : contextOfSlice(reader, story, all);
    const shown = { subjects: [...subjectsOfStory(story), ...more], pcpus: story.pcpus };
    const piece = new SlicePiece(reader, merged(all, withLocks(reader, writes)), shown, this.file);
    try {
      if (!(await trials.shows(piece, all))) return undefined;
      const least = await this.least(piece, all);
      const context = await this.contextFor(piece, least, writes);
      const seqs = merged(least, context);
      const snapshots = await this.write(piece, seqs, shown, path);
      return { seqs, context, snapshots, tries: trials.tries, isMinimal: !trials.isSpent };
    } finally {
      piece.close();
    }
  }

  /** What can't be left out of these events; the witnesses stay. */
  private async least(piece: SlicePiece, all: readonly number[]): Promise<readonly number[]> {
    const { witnesses, trials } = this;
    const kept = all.filter(seq => witnesses.has(seq));
    const others = all.filter(seq => !witnesses.has(seq));
    const needed = await minimize(
      others,
      some => trials.shows(piece, merged(kept, some)),
      () => trials.isSpent,
    );
    return merged(kept, needed);
  }

  /** Those of the writes that can be added for the reader: all with their locks, else as many as can be. */
  private async contextFor(piece: SlicePiece, least: readonly number[], writes: readonly number[]) {
    const { trials } = this;
    const [first = 0, last = 0] = [least[0], least.at(-1)];
    const shown = new Set(least);
    const within = writes.filter(seq => seq > first && seq < last && !shown.has(seq));
    if (within.length === 0) return [];
    const locked = [...withLocks(this.replay.reader, within)].filter(seq => !shown.has(seq)).sort((a, b) => a - b);
    if (await trials.shows(piece, merged(least, locked))) return locked;
    let kept: number[] = [];
    for (const seq of within.toReversed()) {
      if (await trials.shows(piece, merged(least, [seq, ...kept]))) kept = [seq, ...kept];
    }
    return kept;
  }

  /**
   * Writes the slice and returns the number of its snapshots. These say most if they are of the point where the slice
   * itself begins. But what a pcpu holds there may be in the way, as nothing in the slice releases it.
   */
  private async write(piece: SlicePiece, seqs: readonly number[], shown: Shown, path: string): Promise<number> {
    const { reader } = this.replay;
    const ways = seqs[0] === piece.from ? [] : [shown, { ...shown, pcpus: [] }];
    for (const way of ways) {
      const own = new SlicePiece(reader, seqs, way, `${this.file}.own`);
      try {
        if (!(await this.trials.shows(own, seqs))) continue;
        own.write(path, seqs);
        return own.snapshots;
      } finally {
        own.close();
      }
    }
    piece.write(path, seqs);
    return piece.snapshots;
  }
}

const merged = (some: Iterable<number>, more: Iterable<number>): number[] =>
  [...new Set([...some, ...more])].sort((a, b) => a - b);
