import type { LayoutProfile } from '@p2mtrace/trace-format';
import type { EventState } from '../batch/handlers.js';
import type { FactRecorder } from '../facts/fact-recorder.js';
import type { FactWriter } from '../facts/fact-writer.js';
import type { HealthFacts } from '../facts/health-facts.js';
import { THROUGH_GRANT } from '../facts/ref-facts.js';
import type { StateImage } from '../memory/state-image.js';
import type { TraceHead } from '../replay-options.js';
import { LockTable } from '../tables/lock-table.js';
import type { TranslationTable } from '../tables/translation-table.js';
import { Altp2mState } from './altp2m-state.js';
import { ContextState } from './context-state.js';
import { ForeignState } from './foreign-state.js';
import { GrantState } from './grant-state.js';
import type { LayoutDoubt } from './layout-doubt.js';
import { LinuxState } from './linux-state.js';
import { LockState } from './lock-state.js';
import { M2pState } from './m2p-state.js';
import { P2mState } from './p2m-state.js';
import { PageState } from './page-state.js';
import { PagingState } from './paging-state.js';
import { PodState } from './pod-state.js';
import { type NoteOptions, ReplayContext } from './replay-context.js';
import { SharingState } from './sharing-state.js';
import { TlbState } from './tlb-state.js';
import { TypeState } from './type-state.js';

/** The state of the hypervisor at one event: its parts, each of which knows how events change it. */
export class XenState {
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
  /** Events applied so far, which is also the seq of the next one. */
  seq = 0;
  protected readonly context: ReplayContext;
  protected readonly lockState: LockState;
  protected readonly p2mState: P2mState;
  protected readonly pageState: PageState;
  protected readonly typeState: TypeState;
  /** All parts except the locks, by name. */
  protected readonly parts: Readonly<Record<string, EventState>>;

  /** `head` may be a TraceReader. */
  constructor(head: TraceHead, options: NoteOptions = {}) {
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
    this.grants.onMapping = (mfn, handle, domid, references, isMapped) => {
      const refs = context.facts?.refs;
      const slot = refs === undefined ? 0 : this.pageState.pages.directory.find(mfn);
      if (slot === 0) return;
      if (isMapped) refs?.mapped(slot, THROUGH_GRANT, handle, domid, references);
      else refs?.unmapped(slot, THROUGH_GRANT, handle, domid, references);
    };
    this.typeState = new TypeState(context, this.pageState);
    this.parts = {
      p2m: this.p2mState,
      altp2m: new Altp2mState(context, p2ms),
      m2p: this.m2p,
      pages: this.pageState,
      types: this.typeState,
      pod: this.pod,
      paging: this.paging,
      sharing: this.sharing,
      contexts: this.contexts,
      grants: this.grants,
      foreign: this.foreign,
      tlb: this.tlb,
      linux: this.linux,
    };
  }

  get profile(): LayoutProfile {
    return this.context.profile;
  }
  get p2ms() {
    return this.p2mState.set.tables;
  }
  get reverse() {
    return this.p2mState.set.reverse;
  }
  /** True if the domain seems to be in teardown (P2mSet.tornDown). */
  isTornDown(domid: number): boolean {
    return this.p2mState.set.tornDown[domid] !== 0;
  }
  get lastP2mSeq() {
    return this.p2mState.lastP2mSeq;
  }
  /** The page in that slot has the type of a page table, and references of that type. */
  isPageTable(slot: number): boolean {
    return this.pageState.isPageTable(slot);
  }
  get pages() {
    return this.pageState.pages;
  }
  /** Evidence against the page_info layout. */
  get layoutDoubt(): LayoutDoubt {
    return this.pageState.layoutDoubt;
  }
  /** Running vcpu by pcpu as domid * 2^16 + vcpu, -1 for unknown. */
  get running(): readonly number[] {
    return this.contexts.running;
  }
  /** Outstanding translations of each pcpu. */
  get translations(): TranslationTable {
    return this.contexts.translations;
  }
  get facts(): FactRecorder | undefined {
    return this.context.facts;
  }
  /** Where facts go, including rows still open at the end. */
  get factWriter(): FactWriter {
    return this.context.factWriter;
  }
  get health(): HealthFacts {
    return this.context.health;
  }
  /** Number of events whose frame or order is impossible. */
  get outOfRange(): number {
    return this.context.outOfRange;
  }
  /** Mismatches that prove nothing: records were being lost, or events were left out of the trace. */
  get suppressed(): number {
    return this.context.suppressed;
  }

  /** Events whose recorded order contradicts itself, while another order within their windows does not. */
  get reordered(): number {
    return this.context.order.reordered;
  }

  /** pcpus that are losing records at this point. */
  get losing(): readonly number[] {
    return this.context.losing;
  }

  /** Owner of the page in a slot, NO_OWNER for none or unknown. */
  ownerOf(slot: number): number {
    return this.pageState.ownerOf(slot);
  }

  /** Everything that the events so far have made of the state; a replay with facts has more, and no image. */
  transfer(image: StateImage): void {
    this.seq = image.number('seq', this.seq);
    image.part('context', this.context);
    image.part('locks', this.locks);
    for (const [name, part] of Object.entries(this.parts)) image.part(name, part);
  }
}
