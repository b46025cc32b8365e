import { isRecorded, type KindName, type TraceMetadata, type TraceReader } from '@p2mtrace/trace-format';
import { lossStarts } from '../event-feed.js';
import { offsetsOf } from '../facts/fact-columns.js';
import { CYCLE_CONFIDENCES, CYCLE_VERDICTS, LOCK_CYCLES } from '../facts/lock-cycle-specs.js';
import type { Replayer } from '../replayer.js';
import { DeadlockFinder, type LockCycle, type Side } from './find-deadlocks.js';
import { CAUSE } from './order-log.js';
import { suspects } from './suspects.js';
import { TracePass } from './trace-pass.js';
import { WitnessValidator } from './validate-witness.js';

const AT = offsetsOf(LOCK_CYCLES);

/** What orders events: a trace that has none of one of them does not show whether there was any. */
const ORDERING: readonly KindName[] = [
  'lookup',
  'set_entry',
  'get_page',
  'put_page',
  'page_alloc',
  'page_free',
  'tlb_flush',
  'sched_switch',
  'domain_create',
];

/**
 * Whether all that orders events is recorded, in an order that is no guess; a trace of threads (std) has it as reads,
 * writes, forks and joins.
 */
function recordsAll(metadata: TraceMetadata): boolean {
  if (metadata.format === 'std') return true;
  const isExact = (metadata.health?.order.confidence ?? 'exact') === 'exact';
  return isExact && metadata.piece === undefined && ORDERING.every(kind => isRecorded(metadata, kind));
}

/**
 * Adds to the facts of a replay which cycles of acquisitions can end in a deadlock in another order of the events
 * (docs/predict.md), if they are wanted. Where the locks of the trace have no cycle in which several pcpus can be at
 * once, that costs nothing; else the trace is read once more, up to `until`, exclusive.
 * @throws P2mError P2M_DAMAGED
 */
export function predictDeadlocks(reader: TraceReader, replayer: Replayer, until: number): void {
  if (!replayer.factWriter.wants(LOCK_CYCLES)) return;
  const edges = suspects(replayer.facts?.locks.edgeList() ?? []);
  if (edges.length === 0) return;
  const losses = lossStarts(reader);
  const { history, orders, acquires, pcpus, hasTrylocks } = new TracePass(reader, edges, losses, until);
  const cycles = new DeadlockFinder(history, orders, acquires.all, pcpus.length).find();
  const deadlocks = cycles.filter(({ verdict }) => verdict === 'deadlock');
  const confirmed = new WitnessValidator(reader, losses, pcpus).confirm(deadlocks);
  const rows = new CycleRows(replayer, reader, pcpus, recordsAll(reader.metadata) && !hasTrylocks);
  for (const cycle of cycles) {
    const isOpen = cycle.verdict === 'deadlock' && !confirmed.has(cycle);
    rows.add(isOpen ? { ...cycle, verdict: 'unconfirmed', cause: CAUSE.unconfirmed } : cycle);
  }
}

/** A cycle with what the validator says of it. */
type JudgedCycle = Omit<LockCycle, 'verdict'> & { readonly verdict: (typeof CYCLE_VERDICTS)[number] };

/** Writes cycles as rows: one for each side, and of a deadlock one for each other pcpu. */
class CycleRows {
  private readonly replayer: Replayer;
  private readonly table;
  private readonly confidence: number;
  private readonly start: number;
  private readonly pcpus: readonly number[];
  private next = 0;

  constructor(replayer: Replayer, reader: TraceReader, pcpus: readonly number[], isProven: boolean) {
    this.replayer = replayer;
    this.confidence = CYCLE_CONFIDENCES.indexOf(isProven ? 'proven' : 'likely');
    this.table = replayer.factWriter.table(LOCK_CYCLES);
    this.start = reader.batches[0]?.firstSeq ?? 0;
    this.pcpus = pcpus;
  }

  add(cycle: JudgedCycle): void {
    const number = this.next++;
    for (const [i, side] of cycle.sides.entries()) {
      const at = this.row(cycle, number, side.pcpu);
      this.side(at, i, side);
      this.table.close(at);
    }
    if (cycle.verdict !== 'deadlock') return;
    const sides = new Set(cycle.sides.map(({ pcpu }) => pcpu));
    for (const pcpu of this.pcpus.keys()) if (!sides.has(pcpu)) this.table.close(this.row(cycle, number, pcpu));
  }

  private row({ verdict, cause, causeLock, fromRow, stops }: JudgedCycle, number: number, pcpu: number): number {
    const at = this.table.open();
    const { records } = this.table;
    records[at + AT.cycle] = number;
    records[at + AT.verdict] = CYCLE_VERDICTS.indexOf(verdict);
    if (cause >= 0) records[at + AT.reason] = cause;
    records[at + AT.reason_lock] = causeLock;
    if (causeLock >= 0) records[at + AT.reason_class] = this.classOf(causeLock);
    records[at + AT.pcpu] = this.pcpus[pcpu];
    if (verdict !== 'deadlock') return at;
    records[at + AT.confidence] = this.confidence;
    records[at + AT.from_seq] = this.start + fromRow;
    if (stops[pcpu] >= 0) records[at + AT.stop_seq] = this.start + stops[pcpu];
    return at;
  }

  private side(at: number, number: number, side: Side): void {
    const { records } = this.table;
    records[at + AT.side] = number;
    records[at + AT.held] = side.held;
    records[at + AT.held_class] = this.classOf(side.held);
    records[at + AT.held_mode] = side.heldMode;
    records[at + AT.held_seq] = side.heldRow < 0 ? Number.NaN : this.start + side.heldRow;
    records[at + AT.held_caller] = side.heldSite;
    records[at + AT.wanted] = side.wanted;
    records[at + AT.wanted_class] = this.classOf(side.wanted);
    records[at + AT.wanted_mode] = side.wantedMode;
    records[at + AT.wanted_seq] = this.start + side.wantedRow;
    records[at + AT.wanted_caller] = side.wantedSite;
  }

  private classOf(lock: number): number {
    return this.replayer.facts?.locks.classOf(lock) ?? -1;
  }
}
