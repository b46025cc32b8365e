import { join } from 'node:path';
import { BREACH_RULES, BREACH_SPEC, type BreachRule, divergenceRows, FactStore, replayTrace } from '@p2mtrace/replayer';
import { TraceReader } from '@p2mtrace/trace-format';
import { analyzeTrace } from '../analyze/analyze.js';
import type { Finding } from '../findings/finding.js';
import type { Analyzer } from '../rules/define-analyzer.js';
import type { SlicePiece } from './slice-piece.js';

export interface TrialOptions {
  readonly plugins?: readonly Analyzer[] | undefined;
  /** Most tries; a slice that is not minimal by then stays as it is. */
  readonly tries?: number | undefined;
  /** Called before each try with its number of events. */
  readonly onTry?: ((events: number) => void) | undefined;
}

/** Tries whether events show a finding in the same way as the original trace. */
export class Trials {
  /** So far. */
  tries = 0;
  private readonly finding: Finding;
  private readonly options: TrialOptions;
  private readonly path: string;
  /** seqs of the divergences of the original trace. */
  private readonly diverged: ReadonlySet<number>;

  /** `folder` is where slices are tried. @throws P2mError P2M_DAMAGED */
  constructor(reader: TraceReader, finding: Finding, folder: string, options: TrialOptions) {
    this.finding = finding;
    this.options = options;
    this.path = join(folder, 'trial.arrow');
    this.diverged = new Set(Array.from(divergenceRows(replayTrace(reader), reader.names), ({ seq }) => seq));
  }

  /** True if no tries are left. */
  get isSpent(): boolean {
    return this.tries >= (this.options.tries ?? Number.POSITIVE_INFINITY);
  }

  /**
   * True if these events of a piece show the finding with the same signature, confidence and severity, and replay
   * without a divergence that the original trace does not have. @throws P2mError P2M_WRITE (usage), P2M_DAMAGED
   */
  async shows(piece: SlicePiece, seqs: readonly number[]): Promise<boolean> {
    this.tries++;
    this.options.onTry?.(seqs.length);
    piece.write(this.path, seqs, { durable: false });
    const slice = TraceReader.open(this.path);
    try {
      if (!this.mayShow(slice, piece, seqs)) return false;
      const { findings } = await analyzeTrace(slice, {
        only: [this.finding.rule],
        plugins: this.options.plugins,
      });
      return findings.some(found => this.isSame(found));
    } finally {
      slice.close();
    }
  }

  private isSame({ id, confidence, severity }: Finding): boolean {
    const { finding } = this;
    return id === finding.id && confidence === finding.confidence && severity === finding.severity;
  }

  /**
   * True if it replays without a new divergence and the rule's check finds something: most slices fail here already.
   */
  private mayShow(slice: TraceReader, { snapshots }: SlicePiece, seqs: readonly number[]): boolean {
    const { rule } = this.finding;
    const isChecked = BREACH_RULES.includes(rule as BreachRule);
    const breaches = new FactStore([BREACH_SPEC.name]);
    const state = replayTrace(slice, isChecked ? { facts: breaches, checks: { rules: [rule] } } : {});
    if (isChecked && breaches.rows(BREACH_SPEC.name) === 0) return false;
    const rows = [...divergenceRows(state, slice.names)];
    return rows.every(({ seq }) => seq >= snapshots && this.diverged.has(seqs[seq - snapshots]));
  }
}
