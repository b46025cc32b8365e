import type { CurrentEvent } from '../batch/current-event.js';
import type { LockTable } from '../tables/lock-table.js';
import type { FactSpec } from './fact-columns.js';
import { LOOKUPS, MAPPING_SPANS, PAGE_SPANS, REF_SPANS, USES } from './fact-specs.js';
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

/**
 * Takes notes of a replay: the fact tables of model §4. Of the frequent kinds, notes are taken where somebody wants
 * them: the sink, or the checks that rest on references and translations.
 */
export class FactRecorder {
  readonly mappings: MappingFacts | undefined;
  readonly pages: PageFacts | undefined;
  readonly refs: RefFacts | undefined;
  readonly types: TypeFacts;
  readonly m2p: M2pFacts;
  readonly sharing: SharingFacts;
  readonly linux: LinuxFacts;
  readonly grants: GrantFacts;
  readonly locks: LockFacts;
  readonly translations: TranslationFacts | undefined;
  /** For checks alone. */
  readonly lastMappings: LastMappings | undefined;
  private readonly now: CurrentEvent;
  private readonly lockTable: LockTable;

  /** `forChecks`: some look at references and translations. */
  constructor(writer: FactWriter, now: CurrentEvent, lockTable: LockTable, forChecks: boolean) {
    this.now = now;
    this.lockTable = lockTable;
    const wants = (...specs: FactSpec[]) => specs.some(spec => writer.wants(spec));
    this.mappings = wants(MAPPING_SPANS) ? new MappingFacts(writer, now) : undefined;
    this.pages = wants(PAGE_SPANS) ? new PageFacts(writer, now) : undefined;
    this.refs = wants(REF_SPANS) || forChecks ? new RefFacts(writer, now) : undefined;
    this.types = new TypeFacts(writer, now);
    this.m2p = new M2pFacts(writer, now);
    this.sharing = new SharingFacts(writer, now);
    this.linux = new LinuxFacts(writer, now);
    this.grants = new GrantFacts(writer, now);
    this.locks = new LockFacts(writer, now, lockTable);
    this.lastMappings = forChecks ? new LastMappings(now) : undefined;
    this.translations = wants(LOOKUPS, USES) || forChecks ? new TranslationFacts(writer, now) : undefined;
  }

  /** Records were lost: what is open now may have ended among them. Locks are lost pcpu by pcpu. */
  lose(): void {
    this.mappings?.lose();
    this.pages?.lose();
    this.refs?.lose();
    this.types.lose();
    this.translations?.lose();
    for (const { spans } of [this.m2p, this.sharing, this.linux, this.grants]) spans.loseAll();
  }

  /** Index of the call site of what happens now: the event's own, or that of the innermost lock held; -1 for none. */
  site(): number {
    const { now, lockTable } = this;
    if (now.caller >= 0) return now.caller;
    const innermost = lockTable.innermost(now.pcpu);
    return innermost >= lockTable.bottom(now.pcpu) ? lockTable.heldCaller[innermost] : -1;
  }
}
