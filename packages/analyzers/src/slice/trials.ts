import { join } from 'node:path';
import { BREACH_SPEC, divergenceRows, FactStore, replayTrace } from '@p2mtrace/replayer';
import { TraceReader } from '@p2mtrace/trace-format';
import { analyzeTrace } from '../analyze/analyze.js';
import type { FoundOccurrence } from '../explain/find-finding.js';
import type { Finding } from '../findings/finding.js';
import type { Analyzer } from '../rules/define-analyzer.js';
import { breachKeys, isChecked } from './breach-keys.js';
import type { SlicePiece } from './slice-piece.js';

export interface TrialOptions {
  readonly plugins?: readonly Analyzer[] | undefined;
  /** Most tries; a slice that is not minimal by then stays as it is. */
  readonly tries?: number | undefined;
  /** Called before each try with its number of events. */
  readonly onTry?: ((events: number) => void) | undefined;
}

type Found = Pick<FoundOccurrence, 'finding' | 'occurrence'>;

/** Tries whether events show a finding in the same way as the original trace. */
export class Trials {
  /** So far. */
  tries = 0;
  private readonly reader: TraceReader;
  private readonly found: Found;
  private readonly options: TrialOptions;
  private readonly path: string;
  /** seqs of the divergences of the original trace. */
  private diverged: ReadonlySet<number> | undefined;
  /** What the breaches of slices say that show the finding. Where a check finds them, this saves the analysis. */
  private readonly known = new Set<string>();

  /** `folder` is where slices are tried. */
  constructor(reader: TraceReader, found: Found, folder: string, options: TrialOptions) {
    this.reader = reader;
    this.found = found;
    this.options = options;
    this.path = join(folder, 'trial.arrow');
  }

  /** True if no tries are left. */
  get isSpent(): boolean {
    return this.tries >= (this.options.tries ?? Number.POSITIVE_INFINITY);
  }

  /**
   * True if these events of a piece show the finding with the same signature, confidence and severity, and replay
   * without a divergence that the original trace does not have. What a check of the replay finds has the same
   * witnesses, too. @throws P2mError P2M_WRITE (usage), P2M_DAMAGED
   */
  async shows(piece: SlicePiece, seqs: readonly number[]): Promise<boolean> {
    this.tries++;
    this.options.onTry?.(seqs.length);
    piece.write(this.path, seqs, { durable: false });
    const slice = TraceReader.open(this.path);
    try {
      const keys = this.replay(slice, piece, seqs);
      if (keys === undefined) return false;
      if (keys.some(key => this.known.has(key))) return true;
      // What says something else, as of its confidence, is another finding, or the same seen otherwise.
      if (this.known.size > 0 || !(await this.isFoundIn(slice))) return false;
      for (const key of keys) this.known.add(key);
      return true;
    } finally {
      slice.close();
    }
  }

  /** True if an analysis of the slice has the finding. */
  private async isFoundIn(slice: TraceReader): Promise<boolean> {
    const { rule } = this.found.finding;
    const { findings } = await analyzeTrace(slice, { only: [rule], plugins: this.options.plugins, threads: 1 });
    return findings.some(found => this.isSame(found));
  }

  private isSame({ id, confidence, severity }: Finding): boolean {
    const { finding } = this.found;
    return id === finding.id && confidence === finding.confidence && severity === finding.severity;
  }

  /**
   * Replays a slice, where most fail already: undefined if it has a new divergence, or if the rule's check does not
   * find what it should; else what the breaches say.
   */
  private replay(slice: TraceReader, { snapshots }: SlicePiece, seqs: readonly number[]): string[] | undefined {
    const { found } = this;
    const { rule } = found.finding;
    const seqOf = (seq: number) => seqs[seq - snapshots];
    if (!isChecked(rule)) return this.hasNewDivergence(replayTrace(slice), slice, seqOf) ? undefined : [];
    const breaches = new FactStore([BREACH_SPEC.name]);
    const state = replayTrace(slice, { facts: breaches, checks: { rules: [rule] } });
    const keys = breachKeys(slice, breaches, rule, found, seqOf);
    return keys.length === 0 || this.hasNewDivergence(state, slice, seqOf) ? undefined : keys;
  }

  private hasNewDivergence(
    state: ReturnType<typeof replayTrace>,
    slice: TraceReader,
    seqOf: (seq: number) => number | undefined,
  ): boolean {
    return [...divergenceRows(state, slice.names)].some(({ seq }) => !this.divergesAt(seqOf(seq)));
  }

  /** True if the original trace has a divergence at this event. It is replayed when it is first asked for one. */
  private divergesAt(seq: number | undefined): boolean {
    const { reader } = this;
    if (seq === undefined) return false;
    this.diverged ??= new Set(Array.from(divergenceRows(replayTrace(reader), reader.names), row => row.seq));
    return this.diverged.has(seq);
  }
}
