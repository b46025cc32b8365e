import type { CurrentEvent } from '../batch/current-event.js';
import type { LockTable } from '../tables/lock-table.js';
import type { FactSpec } from './fact-columns.js';
import {
  GRANT_SPANS,
  LOOKUPS,
  M2P_SPANS,
  MAPPING_SPANS,
  OVERRIDE_SPANS,
  PAGE_SPANS,
  REF_SPANS,
  RMAP_SPANS,
  TYPE_REF_SPANS,
  USES,
} from './fact-specs.js';
import type { FactWriter } from './fact-writer.js';
import { GrantFacts } from './grant-facts.js';
import { LastMappings } from './last-mappings.js';
import { LinuxFacts } from './linux-facts.js';
import { LockFacts } from './lock-facts.js';
import { M2pFacts } from './m2p-facts.js';
import { MappingFacts } from './mapping-facts.js';
import { PageFacts } from './page-facts.js';
import { RefFacts } from './ref-facts.js';
import { SharingFacts } from './sharing-facts.js';
import { TranslationFacts } from './translation-facts.js';
import { TypeFacts } from './type-facts.js';

/** Notes that checks read of a replay, besides the state. */
export interface CheckNotes {
  readonly refs: RefFacts;
  readonly translations: TranslationFacts;
  readonly lastMappings: LastMappings;
}
export type Note = keyof CheckNotes;

/** Takes notes of a replay: those that somebody wants, be it the sink or the checks. */
export class FactRecorder {
  readonly mappings: MappingFacts | undefined;
  readonly pages: PageFacts | undefined;
  readonly refs: RefFacts | undefined;
  readonly types: TypeFacts | undefined;
  readonly m2p: M2pFacts | undefined;
  readonly sharing: SharingFacts | undefined;
  readonly linux: LinuxFacts | undefined;
  readonly grants: GrantFacts | undefined;
  /** Always there: it knows the class of each lock. */
  readonly locks: LockFacts;
  readonly translations: TranslationFacts | undefined;
  /** For checks alone. */
  readonly lastMappings: LastMappings | undefined;
  private readonly now: CurrentEvent;
  private readonly lockTable: LockTable;

  /** `needed`: what the checks read. */
  constructor(writer: FactWriter, now: CurrentEvent, lockTable: LockTable, needed: readonly Note[]) {
    this.now = now;
    this.lockTable = lockTable;
    const wants = (...specs: FactSpec[]) => specs.some(spec => writer.wants(spec));
    const needs = (note: Note) => needed.includes(note);
    this.mappings = wants(MAPPING_SPANS) ? new MappingFacts(writer, now) : undefined;
    this.pages = wants(PAGE_SPANS) ? new PageFacts(writer, now) : undefined;
    this.refs = wants(REF_SPANS) || needs('refs') ? new RefFacts(writer, now) : undefined;
    this.types = wants(TYPE_REF_SPANS) ? new TypeFacts(writer, now) : undefined;
    this.m2p = wants(M2P_SPANS) ? new M2pFacts(writer, now) : undefined;
    this.sharing = wants(RMAP_SPANS) ? new SharingFacts(writer, now) : undefined;
    this.linux = wants(OVERRIDE_SPANS) ? new LinuxFacts(writer, now) : undefined;
    this.grants = wants(GRANT_SPANS) ? new GrantFacts(writer, now) : undefined;
    this.locks = new LockFacts(writer, now, lockTable);
    this.lastMappings = needs('lastMappings') ? new LastMappings(now) : undefined;
    this.translations =
      wants(LOOKUPS, USES) || needs('translations') ? new TranslationFacts(writer, now, lockTable) : undefined;
  }

  /** Notes that the recorder was made to take. */
  notes<N extends Note>(names: readonly N[]): Pick<CheckNotes, N> {
    const { refs, translations, lastMappings } = this;
    const taken: { readonly [name in Note]: CheckNotes[name] | undefined } = { refs, translations, lastMappings };
    for (const name of names) if (taken[name] === undefined) throw new Error(`no notes of ${name} are taken`);
    return taken as Pick<CheckNotes, N>;
  }

  /** Records were lost: what is open now may have ended among them. Locks are lost pcpu by pcpu. */
  lose(): void {
    this.mappings?.lose();
    this.pages?.lose();
    this.refs?.lose();
    this.types?.lose();
    this.translations?.lose();
    for (const facts of [this.m2p, this.sharing, this.linux, this.grants]) facts?.spans.loseAll();
  }

  /** Index of the call site of what happens now: the event's own, or that of the innermost lock held; -1 for none. */
  site(): number {
    const { now, lockTable } = this;
    if (now.caller >= 0) return now.caller;
    const innermost = lockTable.innermost(now.pcpu);
    return innermost >= lockTable.bottom(now.pcpu) ? lockTable.heldCaller[innermost] : -1;
  }
}
