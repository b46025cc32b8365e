import { getU53, isValid, KIND } from '@p2mtrace/trace-format';
import { byKind, type Handler, type Handlers } from './batch/handlers.js';
import type { ReplayBatch } from './batch/replay-batch.js';
import { pcpuOf } from './batch/row-values.js';
import { Checks } from './checks/checks.js';
import { chosenChecks, notesOf } from './checks/chosen-checks.js';
import { offsetsOf } from './facts/fact-columns.js';
import { DOMAINS, LOSSES } from './facts/fact-specs.js';
import type { Certainty } from './order/certainty.js';
import { type LookupColumn, LookupOrder } from './order/lookup-order.js';
import type { RowReader } from './order/row-reader.js';
import { IN_CHAIN, Settler } from './order/settler.js';
import type { ReplayOptions, TraceHead } from './replay-options.js';
import { XenState } from './state/xen-state.js';

/** Constants of the module: looking a kind up by name for every event would cost time. */
const K_LOOKUP = KIND.lookup;
const K_SET_ENTRY = KIND.set_entry;
const K_GET_PAGE = KIND.get_page;
const K_PUT_PAGE = KIND.put_page;
const K_LOCK_ACQUIRE = KIND.lock_acquire;
const K_LOCK_RELEASE = KIND.lock_release;

const DOMAIN = offsetsOf(DOMAINS);
const LOSS = offsetsOf(LOSSES);

/** Reads the rows around the current ones, to settle contradictions of their order. */
export interface RowsAround {
  readonly rows: RowReader;
  readonly lookups: RowReader<LookupColumn>;
  readonly certainty: Certainty;
}

/**
 * Rebuilds the state from events, batch by batch (docs/replay.md), and checks the model against every recorded value
 * (docs/replay.md#ground-rules): a mismatch is a divergence, after which the recorded value holds.
 */
export class Replayer extends XenState {
  /** By kind: what changes the state. */
  private readonly changes: readonly (Handler | undefined)[];
  /** The same with the checks that run before and after it; absent if there are none. */
  private readonly checked: readonly Handler[] | undefined;
  private settler: Settler | undefined;
  private around: RowsAround | undefined;
  /** The current batch. */
  private batch: ReplayBatch | undefined;
  /** Absent if there are none to run. */
  readonly checks: Checks | undefined;
  /** Called before each set_entry is applied, in a replay without checks. */
  protected beforeWrite: Handler | undefined;

  constructor(head: TraceHead, options: ReplayOptions = {}) {
    const chosen = chosenChecks(head, options);
    super(head, { facts: options.facts, notes: notesOf(chosen) });
    const { context, facts } = this;
    if (facts !== undefined && chosen.length > 0) {
      const replay = { state: this, context, facts, p2ms: this.p2mState.set, head, options: options.checks ?? {} };
      this.checks = new Checks(chosen, replay);
    }
    this.changes = byKind([this.handlers, ...Object.values(this.parts).map(part => part.handlers)]);
    this.checked = this.checks?.around(this.changes);
  }

  /** Kinds that concern all parts, or a part without handlers. */
  private readonly handlers: Handlers = {
    lock_acquire: (batch, row) => this.lockState.acquire(batch, row),
    lock_release: (batch, row) => this.lockState.release(batch, row),
    lookup: (batch, row) => this.lookup(batch, row),
    lock_wait: ({ columns }: ReplayBatch, row: number) => this.context.facts?.locks.wait(columns.lock[row]),
    snapshot: (batch: ReplayBatch, row: number) => this.snapshot(batch, row),
    snapshot_lock: (batch: ReplayBatch, row: number) => this.lockState.snapshotLock(batch, row),
    snapshot_level: (batch: ReplayBatch, row: number) => this.lockState.snapshotLevel(batch, row),
    lost: (batch: ReplayBatch, row: number) => this.lost(batch, row),
    domain_create: (batch: ReplayBatch, row: number) => this.domainCreate(batch, row),
    domain_dying: ({ columns }: ReplayBatch, row: number) => this.noteDomain(columns.domid[row], DOMAIN.dying_seq),
    domain_destroy: ({ columns }: ReplayBatch, row: number) =>
      this.noteDomain(columns.domid[row], DOMAIN.destroyed_seq),
  };

  /** Applies rows `from` to `to` (exclusive) of a batch. */
  apply(batch: ReplayBatch, from = 0, to = batch.rows): void {
    this.enter(batch);
    this.applyEntered(batch, from, to);
  }

  /** Rows of this batch are applied by `applyEntered` from now on: what is looked up once for all of them is. */
  enter(batch: ReplayBatch): void {
    const { required, now } = this.context;
    this.batch = batch;
    required.begin(batch);
    now.begin(batch);
  }

  /** Applies rows `from` to `to` (exclusive) of the batch that was entered last. */
  applyEntered(batch: ReplayBatch, from: number, to: number): void {
    const kinds = batch.columns.kind;
    const { checked, settler } = this;
    const { required, now, facts } = this.context;
    for (let row = from; row < to; row++) {
      const kind = kinds[row];
      now.seq = batch.firstSeq + row;
      if (facts !== undefined) now.at(row);
      if (!required.has(row, kind)) continue;
      if (settler !== undefined && IN_CHAIN[kind] !== 0 && !settler.isNext(batch, row, kind)) continue;
      if (checked === undefined) this.change(batch, row, kind);
      else checked[kind](batch, row);
    }
    this.seq = batch.firstSeq + to;
  }

  /** From now on, contradictions of order are settled by these rows. */
  follow(around: RowsAround): void {
    if (this.around === around) return;
    this.around = around;
    const { rows, lookups, certainty } = around;
    this.context.lookups = new LookupOrder(lookups, this.context);
    this.context.certainty = certainty;
    this.settler = new Settler(this.context, rows, this.pageState, this.typeState, (batch, row) =>
      this.applyAlone(batch, row),
    );
  }

  /** Applies one row, perhaps of another batch, and returns to the current one. */
  private applyAlone(batch: ReplayBatch, row: number): void {
    const { required, now } = this.context;
    const [current, currentRow] = [this.batch, now.row];
    const { seq } = now;
    const kind = batch.columns.kind[row];
    required.begin(batch);
    now.begin(batch);
    now.seq = batch.firstSeq + row;
    now.at(row);
    if (required.has(row, kind)) {
      if (this.checked === undefined) this.change(batch, row, kind);
      else this.checked[kind](batch, row);
    }
    if (current === undefined) return;
    required.begin(current);
    now.begin(current);
    now.seq = seq;
    now.at(currentRow);
  }

  /** Frequent kinds are handled by name, which is faster than through a table. */
  private change(batch: ReplayBatch, row: number, kind: number): void {
    switch (kind) {
      case K_LOCK_ACQUIRE:
        this.lockState.acquire(batch, row);
        break;
      case K_LOCK_RELEASE:
        this.lockState.release(batch, row);
        break;
      case K_GET_PAGE:
        this.pageState.getPage(batch, row);
        break;
      case K_PUT_PAGE:
        this.pageState.putPage(batch, row);
        break;
      case K_SET_ENTRY:
        this.beforeWrite?.(batch, row);
        this.p2mState.setEntry(batch, row);
        break;
      case K_LOOKUP:
        this.lookup(batch, row);
        break;
      default:
        this.changes[kind]?.(batch, row);
    }
  }

  private lookup(batch: ReplayBatch, row: number): void {
    this.p2mState.lookup(batch, row);
    this.contexts.lookup(batch, row);
  }

  private domainCreate({ columns }: ReplayBatch, row: number): void {
    this.noteDomain(columns.domid[row], DOMAIN.created_seq);
    for (const part of Object.values(this.parts)) part.forgetDomain(columns.domid[row]);
    this.checks?.forgetDomain(columns.domid[row]);
  }

  private noteDomain(domid: number, column: number): void {
    const at = this.context.health.domain(domid, this.context.now.seq);
    this.context.health.domains.records[at + column] = this.context.now.seq;
  }

  /**
   * Lost records may have been anything that their pcpu did: no count is known any more, nor what that pcpu holds, nor
   * any watched translation (docs/replay.md#domains-pcpus-loss).
   */
  private lost(batch: ReplayBatch, row: number): void {
    const { losses } = this.context.health;
    const at = losses.open();
    const { records } = losses;
    const pcpu = pcpuOf(batch, row);
    records[at + LOSS.seq] = this.context.now.seq;
    records[at + LOSS.pcpu] = pcpu;
    records[at + LOSS.count] = getU53(batch.columns.arg0, row);
    records[at + LOSS.first_tsc] = batch.columns.arg1[2 * row];
    records[at + LOSS.first_tsc + 1] = batch.columns.arg1[2 * row + 1];
    this.context.now.stamp(records, at + LOSS.tsc);
    this.context.endLoss(pcpu);
    this.forget(pcpu);
  }

  /** The first record that a pcpu lost would be here; until its lost event, nothing is certain. */
  beginLoss(pcpu: number): void {
    this.context.beginLoss(pcpu);
    this.forget(pcpu);
  }

  /** Makes everything unknown except the locks of other pcpus, what they run, generations and mere counters. */
  private forget(pcpu: number): void {
    const { facts } = this.context;
    facts?.lose();
    this.checks?.forget(pcpu);
    for (const part of Object.values(this.parts)) part.forget(pcpu);
    for (const lossy of pcpu < 0 ? Array(this.locks.pcpus).keys() : [pcpu]) {
      facts?.locks.lose(lossy);
      this.locks.forget(lossy);
    }
  }

  /** State known at this point: an entry, a page or a held lock, depending on its columns. */
  private snapshot(batch: ReplayBatch, row: number): void {
    const { validity: v } = batch;
    if (isValid(v.lock, row)) this.lockState.snapshot(batch, row);
    else if (isValid(v.gfn, row) && isValid(v.domid, row) && isValid(v.p2m_type, row))
      this.p2mState.snapshot(batch, row);
    else if (isValid(v.mfn, row)) this.pageState.snapshot(batch, row);
  }
}
