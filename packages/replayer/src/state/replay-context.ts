import {
  FLAG,
  getU53,
  isRecorded,
  isValid,
  type LayoutProfile,
  layoutProfile,
  type ReadBatch,
} from '@p2mtrace/trace-format';
import { CurrentEvent } from '../batch/current-event.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { RequiredColumns } from '../batch/required-columns.js';
import { offsetsOf } from '../facts/fact-columns.js';
import { FactRecorder, type Note } from '../facts/fact-recorder.js';
import type { FactSink } from '../facts/fact-sink.js';
import { DIVERGENCE_SPEC } from '../facts/fact-specs.js';
import { FactWriter } from '../facts/fact-writer.js';
import { HealthFacts } from '../facts/health-facts.js';
import { MAX_FRAME } from '../memory/frame-table.js';
import { framesOf } from '../memory/order.js';
import type { StateImage } from '../memory/state-image.js';
import type { TraceHead } from '../replay-options.js';
import type { LockTable } from '../tables/lock-table.js';
import { clockSlack } from './clock-slack.js';
import { SettledOrder } from './settled-order.js';

const DIVERGENCE = offsetsOf(DIVERGENCE_SPEC);

/** What a replay records on its way. */
export interface NoteOptions {
  /** Receives the facts. */
  readonly facts?: FactSink | undefined;
  /** What checks need in addition. */
  readonly notes?: readonly Note[] | undefined;
}

/** Result of a lookup; `type` is -1 if it did not ask for one. */
export interface LookedUp {
  readonly domid: number;
  readonly view: number;
  readonly gfn: number;
  readonly mfn: number;
  readonly type: number;
}

/** Tells whether a lookup (by seq) that contradicts the current entry may have happened before or after it. */
export interface ExplainsLookups {
  explains(seq: number, found: LookedUp): boolean;
}

/** An entry of a p2m that gives the frame. */
export interface EntryOf {
  readonly domid: number;
  readonly view: number;
  readonly gfn: number;
  readonly mfn: number;
}

/** Tells whether events (by seq) surely happened in the order in which they were recorded. */
export interface TellsOrder {
  areOrdered(seqs: readonly number[]): boolean;
  /** The pcpu's clock is not to be compared with others. */
  isDoubtful(pcpu: number): boolean;
  /** Two pcpus had one lock at once. */
  doubt(pcpu: number, other: number): void;
  /** The entry may have been removed before the event, by a write that is recorded behind it. */
  mayBeRemovedBefore(seq: number, entry: EntryOf): boolean;
  /** References on the frame that may have been dropped before the event, by puts that are recorded behind it. */
  earlierPuts(seq: number, mfn: number): number;
}

/** What all parts of a replay share: the current event, what is recorded, and how far the model can be trusted. */
export class ReplayContext {
  readonly profile: LayoutProfile;
  readonly now = new CurrentEvent();
  readonly required = new RequiredColumns();
  readonly factWriter: FactWriter;
  readonly health: HealthFacts;
  /** Absent if facts are not wanted. */
  readonly facts: FactRecorder | undefined;
  /** Results of writes are recorded, so attempts are not replayed as well. */
  readonly hasResults: boolean;
  /** Moves of pages into and out of PoD caches are recorded. */
  readonly hasPodCache: boolean;
  /** Events were left out of the trace: what is known may be wrong, and a mismatch proves nothing. */
  private readonly isPart: boolean;
  /** Removals from a reverse map are recorded themselves, not only their causes. */
  readonly hasRmapDel: boolean;
  /** The order of events of different pcpus is certain; otherwise it was partly guessed (docs/format.md). */
  readonly isOrdered: boolean;
  /** The order to use where the recorded one contradicts itself. */
  readonly order = new SettledOrder();
  /** Absent if the trace's rows can't be read again. */
  lookups: ExplainsLookups | undefined;
  certainty: TellsOrder | undefined;
  /** Ticks by which corrected TSCs may still be wrong (docs/order.md). */
  readonly slack: number;
  /** Number of events whose frame or order is impossible. */
  outOfRange = 0;
  /**
   * pcpus that are losing records: what is known may be wrong already, so a mismatch proves nothing
   * (docs/replay.md#domains-pcpus-loss).
   */
  readonly losing: number[] = [];
  /** Number of mismatches that prove nothing. */
  suppressed = 0;

  private readonly viewNames: readonly string[];

  constructor({ metadata, names }: TraceHead, locks: LockTable, { facts: sink, notes = [] }: NoteOptions) {
    this.profile = layoutProfile(metadata.layout);
    this.hasResults = metadata.hasResults ?? false;
    this.hasPodCache = isRecorded(metadata, 'pod_cache_add');
    this.isPart = metadata.piece?.incomplete !== undefined;
    this.hasRmapDel = isRecorded(metadata, 'rmap_del');
    this.isOrdered = metadata.health?.order.confidence !== 'approximate';
    this.slack = clockSlack(metadata.health?.order);
    this.viewNames = names.view;
    this.factWriter = new FactWriter(sink);
    this.health = new HealthFacts(this.factWriter);
    this.facts = sink && new FactRecorder(this.factWriter, this.now, locks, notes);
  }

  /** A write recorded before and after is one write: the first record, the attempt, is ignored. */
  isRecordedTwice({ columns }: ReadBatch<'flags'>, row: number): boolean {
    return this.hasResults && (columns.flags[row] & FLAG.attempt) !== 0;
  }

  /** True if the view with this index is an altp2m, not the host's or a nested one. */
  isAltp2m(view: number): boolean {
    return this.viewNames[view]?.startsWith('altp2m:') ?? false;
  }

  /** False, and counted, if a frame or the order is impossible on any machine; absent ones are negative. */
  inRange(gfn: number, mfn: number, order = 0, maxOrder = 0): boolean {
    if (gfn < MAX_FRAME && mfn <= MAX_FRAME - framesOf(order) && order <= maxOrder) return true;
    this.outOfRange++;
    return false;
  }

  /** True if a different order may explain a contradiction: the order is known, and nothing is missing. */
  get judgesOrder(): boolean {
    return this.isOrdered && this.losing.length === 0 && !this.isPart;
  }

  /** The first record that a pcpu lost would be here. */
  beginLoss(pcpu: number): void {
    if (!this.losing.includes(pcpu)) this.losing.push(pcpu);
  }

  /** The lost event of a pcpu, -1 if it is unknown which: the losses that it may be about end. */
  endLoss(pcpu: number): void {
    const at = pcpu < 0 ? 0 : this.losing.indexOf(pcpu);
    if (at >= 0) this.losing.splice(at, pcpu < 0 ? this.losing.length : 1);
  }

  transfer(image: StateImage): void {
    image.part('health', this.health);
    image.part('order', this.order);
    this.outOfRange = image.number('outOfRange', this.outOfRange);
    image.numbers('losing', this.losing);
    this.suppressed = image.number('suppressed', this.suppressed);
  }

  /**
   * Records that a value is not the expected one; negative values are absent, `lastSeq` NaN or -1 is before the trace.
   */
  diverge(batch: ReplayBatch, row: number, about: number, expected: number, seen: number, lastSeq: number): void {
    if (this.order.explaining) return;
    if (this.losing.length > 0 || this.isPart) {
      this.suppressed++;
      return;
    }
    const { divergences } = this.health;
    const at = divergences.open();
    const { records } = divergences;
    const { columns, validity } = batch;
    records[at + DIVERGENCE.seq] = this.now.seq;
    records[at + DIVERGENCE.about] = about;
    if (isValid(validity.domid, row)) records[at + DIVERGENCE.domid] = columns.domid[row];
    if (isValid(validity.gfn, row)) records[at + DIVERGENCE.gfn] = getU53(columns.gfn, row);
    if (isValid(validity.mfn, row)) records[at + DIVERGENCE.mfn] = getU53(columns.mfn, row);
    if (isValid(validity.lock, row)) records[at + DIVERGENCE.lock] = columns.lock[row];
    if (isValid(validity.pcpu, row)) records[at + DIVERGENCE.pcpu] = columns.pcpu[row];
    if (expected >= 0) records[at + DIVERGENCE.expected] = expected;
    if (seen >= 0) records[at + DIVERGENCE.seen] = seen;
    if (lastSeq >= 0) records[at + DIVERGENCE.last_seq] = lastSeq;
  }
}
