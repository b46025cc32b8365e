import { getU53, isValid, KIND } from '@p2mtrace/trace-format';
import { Altp2mState } from './altp2m-state.js';
import type { CheckOptions } from './checks/check.js';
import { Checks } from './checks/checks.js';
import { ContextState } from './context-state.js';
import { offsetsOf } from './fact-columns.js';
import type { FactRecorder } from './fact-recorder.js';
import type { FactSink } from './fact-sink.js';
import { DOMAINS, LOSSES } from './fact-specs.js';
import type { FactWriter } from './fact-writer.js';
import { ForeignState } from './foreign-state.js';
import { GrantState } from './grant-state.js';
import { byKind, type EventState, type Handler, type Handlers } from './handlers.js';
import type { HealthFacts } from './health-facts.js';
import { LinuxState } from './linux-state.js';
import { LockState } from './lock-state.js';
import { LockTable } from './lock-table.js';
import { M2pState } from './m2p-state.js';
import { P2mState } from './p2m-state.js';
import { PageState } from './page-state.js';
import { PagingState } from './paging-state.js';
import { PodState } from './pod-state.js';
import type { ReplayBatch } from './replay-batch.js';
import { ReplayContext, type TraceHead } from './replay-context.js';
import { pcpuOf } from './row-values.js';
import { SharingState } from './sharing-state.js';
import type { StateImage } from './state-image.js';
import { TlbState } from './tlb-state.js';
import type { TranslationTable } from './translation-table.js';
import { TypeState } from './type-state.js';

/** As constants of the module: looking a kind up by name for every event would show. */
const K_LOOKUP = KIND.lookup;
const K_SET_ENTRY = KIND.set_entry;
const K_GET_PAGE = KIND.get_page;
const K_PUT_PAGE = KIND.put_page;
const K_LOCK_ACQUIRE = KIND.lock_acquire;
const K_LOCK_RELEASE = KIND.lock_release;

const DOMAIN = offsetsOf(DOMAINS);
const LOSS = offsetsOf(LOSSES);

export interface ReplayOptions {
  /** Takes the facts; without it a replay is faster. */
  readonly facts?: FactSink | undefined;
  /** What is checked for breaches. */
  readonly checks?: CheckOptions | undefined;
}

/**
 * Rebuilds the state from events, one batch after the other (docs/replay.md), and checks the model against every value
 * that was recorded (model §2.2): a mismatch is a divergence, after which the recorded value holds.
 */
export class Replayer {
  readonly locks = new LockTable();
  readonly m2p: M2pState;
  readonly pod: PodState;
  readonly paging: PagingState;
  readonly sharing: SharingState;
  readonly contexts: ContextState;
  readonly grants: GrantState;
  readonly foreign: ForeignState;
  readonly tlb: TlbState;
  readonly linux: LinuxState;
  /** Events applied so far; the next one has this seq. */
  seq = 0;
  private readonly context: ReplayContext;
  private readonly lockState: LockState;
  private readonly p2mState: P2mState;
  private readonly pageState: PageState;
  /** All parts but the locks, by name. */
  private readonly parts: Readonly<Record<string, EventState>>;
  /** By kind: what changes the state. */
  private readonly changes: readonly (Handler | undefined)[];
  /** The same with the checks that look before and after it; absent where there are none. */
  private readonly checked: readonly Handler[] | undefined;
  /** Absent where nobody wants breaches. */
  readonly checks: Checks | undefined;

  /** A TraceReader is such a head. */
  constructor(head: TraceHead, options: ReplayOptions = {}) {
    const context = new ReplayContext(head, this.locks, options);
    this.context = context;
    this.lockState = new LockState(context, this.locks);
    this.p2mState = new P2mState(context, this.lockState);
    const p2ms = this.p2mState.set;
    this.m2p = new M2pState(context);
    this.pod = new PodState(context, p2ms);
    this.paging = new PagingState(context, p2ms);
    this.sharing = new SharingState(context, p2ms);
    this.contexts = new ContextState(context);
    this.grants = new GrantState(context, this.contexts);
    this.foreign = new ForeignState(context, p2ms);
    this.tlb = new TlbState(context);
    this.linux = new LinuxState(context);
    this.pageState = new PageState(context, this.p2mState, (mfn, order) => {
      this.pod.leave(mfn, order);
      this.sharing.freed(mfn, order);
    });
    this.parts = {
      p2m: this.p2mState,
      altp2m: new Altp2mState(context, p2ms),
      m2p: this.m2p,
      pages: this.pageState,
      types: new TypeState(context, this.pageState),
      pod: this.pod,
      paging: this.paging,
      sharing: this.sharing,
      contexts: this.contexts,
      grants: this.grants,
      foreign: this.foreign,
      tlb: this.tlb,
      linux: this.linux,
    };
    this.checks = Checks.of(this, context, p2ms, head, options);
    this.changes = byKind([this.handlers, ...Object.values(this.parts).map(part => part.handlers)]);
    this.checked = this.checks?.around(this.changes);
  }

  /** What concerns all parts, or one that has no handlers. */
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
    domain_destroy: ({ columns }: ReplayBatch, row: number) =>
      this.noteDomain(columns.domid[row], DOMAIN.destroyed_seq),
  };

  get profile() {
    return this.context.profile;
  }
  get p2ms() {
    return this.p2mState.set.tables;
  }
  get reverse() {
    return this.p2mState.set.reverse;
  }
  get lastP2mSeq() {
    return this.p2mState.lastP2mSeq;
  }
  get pages() {
    return this.pageState.pages;
  }
  /** Running vcpu by pcpu as domid * 2^16 + vcpu, -1 for unknown. */
  get running(): readonly number[] {
    return this.contexts.running;
  }
  /** What each pcpu has outstanding. */
  get translations(): TranslationTable {
    return this.contexts.translations;
  }
  get facts(): FactRecorder | undefined {
    return this.context.facts;
  }
  /** Where facts go, open rows at the end too. */
  get factWriter(): FactWriter {
    return this.context.factWriter;
  }
  get health(): HealthFacts {
    return this.context.health;
  }
  /** Events whose frame or order is impossible. */
  get outOfRange(): number {
    return this.context.outOfRange;
  }
  /** Mismatches that prove nothing: records were being lost, or events were left out of the trace. */
  get suppressed(): number {
    return this.context.suppressed;
  }

  /** pcpus that are losing records here. */
  get losing(): readonly number[] {
    return this.context.losing;
  }

  /** Owner of the page in a slot, NO_OWNER for none or unknown. */
  ownerOf(slot: number): number {
    return this.pageState.ownerOf(slot);
  }

  /** All that the events so far have made of the state; a replay with facts has more, and no image. */
  transfer(image: StateImage): void {
    this.seq = image.number('seq', this.seq);
    image.part('context', this.context);
    image.part('locks', this.locks);
    for (const [name, part] of Object.entries(this.parts)) image.part(name, part);
  }

  /** Applies rows `from` to `to` (exclusive) of a batch. */
  apply(batch: ReplayBatch, from = 0, to = batch.rows): void {
    const kinds = batch.columns.kind;
    const { checked } = this;
    const { whole, now, facts } = this.context;
    whole.begin(batch);
    now.begin(batch);
    for (let row = from; row < to; row++) {
      const kind = kinds[row];
      now.seq = batch.firstSeq + row;
      if (facts !== undefined) now.at(row);
      if (!whole.has(row, kind)) continue;
      if (checked === undefined) this.change(batch, row, kind);
      else checked[kind](batch, row);
    }
    this.seq = batch.firstSeq + to;
  }

  /** The frequent kinds by name, which is faster than through a table. */
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
   * Lost records may have been anything their pcpu did: no count is known any more, nor what that pcpu holds, nor
   * any translation that was watched (model §2.2).
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

  /** The first record that a pcpu lost would be here; until its lost event nothing is certain. */
  beginLoss(pcpu: number): void {
    this.context.beginLoss(pcpu);
    this.forget(pcpu);
  }

  /** Everything but the locks of other pcpus, who runs there, generations and mere counters is unknown. */
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

  /** State known at this point: an entry, a page or a held lock, whichever columns it has. */
  private snapshot(batch: ReplayBatch, row: number): void {
    const { validity: v } = batch;
    if (isValid(v.lock, row)) this.lockState.snapshot(batch, row);
    else if (isValid(v.gfn, row) && isValid(v.domid, row) && isValid(v.p2m_type, row))
      this.p2mState.snapshot(batch, row);
    else if (isValid(v.mfn, row)) this.pageState.snapshot(batch, row);
  }
}
