import { FLAG, getU53, isValid, KIND, type TraceMetadata } from '@p2mtrace/trace-format';
import { offsetsOf } from './fact-columns.js';
import type { FactRecorder } from './fact-recorder.js';
import type { FactSink } from './fact-sink.js';
import { DOMAINS, LOSSES } from './fact-specs.js';
import type { FactWriter } from './fact-writer.js';
import { MAX_FRAME } from './frame-table.js';
import type { HealthFacts } from './health-facts.js';
import { LockState } from './lock-state.js';
import { LockTable } from './lock-table.js';
import { P2mState } from './p2m-state.js';
import { NO_MFN } from './p2m-table.js';
import { PageState } from './page-state.js';
import type { ReplayBatch } from './replay-batch.js';
import { ReplayContext } from './replay-context.js';
import type { StateImage } from './state-image.js';
import { TranslationTable } from './translation-table.js';

/** As constants of the module: looking a kind up by name for every event would show. */
const K_LOOKUP = KIND.lookup;
const K_PUT_GFN = KIND.put_gfn;
const K_SET_ENTRY = KIND.set_entry;
const K_GET_PAGE = KIND.get_page;
const K_PUT_PAGE = KIND.put_page;
const K_ALLOC_REF_DROP = KIND.alloc_ref_drop;
const K_GET_TYPE = KIND.get_type;
const K_PUT_TYPE = KIND.put_type;
const K_PAGE_ALLOC = KIND.page_alloc;
const K_PAGE_FREE = KIND.page_free;
const K_OWNER_SET = KIND.owner_set;
const K_PAGE_USE = KIND.page_use;
const K_LOCK_WAIT = KIND.lock_wait;
const K_LOCK_ACQUIRE = KIND.lock_acquire;
const K_LOCK_RELEASE = KIND.lock_release;
const K_M2P_SET = KIND.m2p_set;
const K_SCHED_SWITCH = KIND.sched_switch;
const K_SNAPSHOT = KIND.snapshot;
const K_LOST = KIND.lost;
const K_DOMAIN_CREATE = KIND.domain_create;
const K_DOMAIN_DESTROY = KIND.domain_destroy;

const DOMAIN = offsetsOf(DOMAINS);
const LOSS = offsetsOf(LOSSES);

export interface ReplayOptions {
  /** Takes the facts; without it a replay is faster. */
  readonly facts?: FactSink | undefined;
}

/**
 * Rebuilds p2m, pages and locks from events, one batch after the other, and checks the model against every value
 * that was recorded (model §2.2): a mismatch is a divergence, after which the recorded value holds.
 */
export class Replayer {
  readonly locks = new LockTable();
  /** What each pcpu has outstanding. */
  readonly translations = new TranslationTable();
  /** Events applied so far; the next one has this seq. */
  seq = 0;
  /** Running vcpu by pcpu as domid * 2^16 + vcpu, -1 for unknown. */
  readonly running: number[] = [];
  private readonly context: ReplayContext;
  private readonly lockState: LockState;
  private readonly p2mState: P2mState;
  private readonly pageState: PageState;

  constructor(metadata: TraceMetadata, options: ReplayOptions = {}) {
    this.context = new ReplayContext(metadata, this.locks, options.facts);
    this.lockState = new LockState(this.context, this.locks);
    this.p2mState = new P2mState(this.context, this.lockState);
    this.pageState = new PageState(this.context, this.p2mState);
  }

  get profile() {
    return this.context.profile;
  }
  get p2ms() {
    return this.p2mState.p2ms;
  }
  get reverse() {
    return this.p2mState.reverse;
  }
  get m2p() {
    return this.p2mState.m2p;
  }
  get lastP2mSeq() {
    return this.p2mState.lastP2mSeq;
  }
  get pages() {
    return this.pageState.pages;
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
  /** Mismatches met while records were being lost, which prove nothing. */
  get suppressed(): number {
    return this.context.suppressed;
  }

  /** Owner of the page in a slot, NO_OWNER for none or unknown. */
  ownerOf(slot: number): number {
    return this.pageState.ownerOf(slot);
  }

  /** All that the events so far have made of the state; a replay with facts has more, and no image. */
  transfer(image: StateImage): void {
    this.seq = image.number('seq', this.seq);
    image.numbers('running', this.running);
    image.part('context', this.context);
    image.part('locks', this.locks);
    image.part('translations', this.translations);
    image.part('p2m', this.p2mState);
    image.part('pages', this.pageState);
  }

  /** Applies rows `from` to `to` (exclusive) of a batch. */
  apply(batch: ReplayBatch, from = 0, to = batch.rows): void {
    const { kind, tsc } = batch.columns;
    if (tsc !== undefined) this.context.now.tsc = tsc;
    for (let row = from; row < to; row++) {
      this.begin(batch, row);
      switch (kind[row]) {
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
          this.p2mState.lookup(batch, row);
          this.lookup(batch, row);
          break;
        case K_PAGE_ALLOC:
        case K_PAGE_FREE:
          this.pageState.pageLife(batch, row, kind[row] === K_PAGE_ALLOC);
          break;
        case K_PUT_GFN:
          this.putGfn(batch, row);
          break;
        default:
          this.rare(batch, row, kind[row]);
      }
    }
    this.seq = batch.firstSeq + to;
  }

  private begin(batch: ReplayBatch, row: number): void {
    const { now, facts } = this.context;
    now.seq = batch.firstSeq + row;
    if (facts === undefined) return;
    now.row = row;
    now.pcpu = isValid(batch.validity.pcpu, row) ? batch.columns.pcpu[row] : -1;
    now.caller = isValid(batch.validity.caller, row) ? batch.columns.caller[row] : -1;
  }

  /** A lookup that returned with the gfn's lock lasts until its put_gfn. */
  private lookup(batch: ReplayBatch, row: number): void {
    const { columns: c, validity: v } = batch;
    if ((c.flags[row] & FLAG.locked) === 0 || !isValid(v.pcpu, row) || !isValid(v.gfn, row)) return;
    const gfn = getU53(c.gfn, row);
    const mfn = isValid(v.mfn, row) ? getU53(c.mfn, row) : NO_MFN;
    if (gfn >= MAX_FRAME || mfn >= MAX_FRAME) return;
    this.translations.add(c.pcpu[row], c.domid[row], c.view[row], gfn, mfn, this.context.now.seq);
  }

  private putGfn(batch: ReplayBatch, row: number): void {
    const { columns: c, validity: v } = batch;
    const gfn = getU53(c.gfn, row);
    if (isValid(v.pcpu, row)) this.translations.put(c.pcpu[row], c.domid[row], c.view[row], gfn);
    this.context.facts?.translations.putGfn(c.domid[row], gfn);
  }

  private rare(batch: ReplayBatch, row: number, kind: number): void {
    const c = batch.columns;
    switch (kind) {
      case K_ALLOC_REF_DROP:
        this.pageState.putPage(batch, row);
        break;
      case K_GET_TYPE:
      case K_PUT_TYPE:
        this.pageState.typeRef(batch, row);
        break;
      case K_OWNER_SET:
        this.pageState.ownerSet(batch, row);
        break;
      case K_PAGE_USE:
        this.pageState.use(batch, row);
        break;
      case K_M2P_SET:
        this.p2mState.m2pSet(batch, row);
        break;
      case K_LOCK_WAIT:
        this.context.facts?.locks.wait(c.lock[row]);
        break;
      case K_SCHED_SWITCH:
        this.schedSwitch(batch, row);
        break;
      case K_SNAPSHOT:
        this.snapshot(batch, row);
        break;
      case K_LOST:
        this.lost(batch, row);
        break;
      case K_DOMAIN_CREATE:
      case K_DOMAIN_DESTROY: {
        const at = this.context.health.domain(c.domid[row], this.context.now.seq);
        const column = kind === K_DOMAIN_CREATE ? DOMAIN.created_seq : DOMAIN.destroyed_seq;
        this.context.health.domains.records[at + column] = this.context.now.seq;
        break;
      }
    }
  }

  private schedSwitch(batch: ReplayBatch, row: number): void {
    if (!isValid(batch.validity.pcpu, row)) return;
    const pcpu = batch.columns.pcpu[row];
    const vcpu = batch.columns.domid[row] * 0x1_0000 + batch.columns.arg0[2 * row];
    const runs = (batch.columns.arg1[2 * row] & 15) === 0;
    while (this.running.length <= pcpu) this.running.push(-1);
    if (runs && this.running[pcpu] !== vcpu) {
      this.running[pcpu] = vcpu;
      this.translations.clear(pcpu);
      this.context.facts?.translations.switchAway(pcpu);
    } else if (!runs && this.running[pcpu] === vcpu) {
      this.running[pcpu] = -1;
    }
  }

  /**
   * Lost records may have been anything their pcpu did: no count is known any more, nor what that pcpu holds, nor
   * any translation that was watched (model §2.2).
   */
  private lost(batch: ReplayBatch, row: number): void {
    const { losses } = this.context.health;
    const at = losses.open();
    const { records } = losses;
    const pcpu = isValid(batch.validity.pcpu, row) ? batch.columns.pcpu[row] : -1;
    records[at + LOSS.seq] = this.context.now.seq;
    records[at + LOSS.pcpu] = pcpu;
    records[at + LOSS.count] = getU53(batch.columns.arg0, row);
    records[at + LOSS.first_tsc] = batch.columns.arg1[2 * row];
    records[at + LOSS.first_tsc + 1] = batch.columns.arg1[2 * row + 1];
    this.context.now.stamp(records, at + LOSS.tsc);
    this.context.uncertain = false;
    this.forget(pcpu);
  }

  /** The first record that a pcpu lost would be here; until its lost event nothing is certain. */
  beginLoss(pcpu: number): void {
    this.context.uncertain = true;
    this.forget(pcpu);
  }

  private forget(pcpu: number): void {
    const { facts } = this.context;
    facts?.memory.lose();
    this.pages.forget();
    this.p2mState.forget();
    this.translations.forget();
    facts?.translations.lose();
    if (pcpu < 0) return;
    facts?.locks.lose(pcpu);
    this.locks.forget(pcpu);
  }

  /** State known at this point: an entry, a page or a held lock, whichever columns it has. */
  private snapshot(batch: ReplayBatch, row: number): void {
    const { validity: v } = batch;
    if (isValid(v.lock, row)) this.lockState.acquire(batch, row);
    else if (isValid(v.gfn, row) && isValid(v.domid, row) && isValid(v.p2m_type, row))
      this.p2mState.snapshot(batch, row);
    else if (isValid(v.mfn, row)) this.pageState.snapshot(batch, row);
  }
}
