import type { FactWriter } from './fact-writer.js';
import { GrantFacts } from './grant-facts.js';
import { LinuxFacts } from './linux-facts.js';
import { LockFacts } from './lock-facts.js';
import type { LockTable } from './lock-table.js';
import { M2pFacts } from './m2p-facts.js';
import { MemoryFacts } from './memory-facts.js';
import type { Now } from './now.js';
import { SharingFacts } from './sharing-facts.js';
import { TranslationFacts } from './translation-facts.js';
import { TypeFacts } from './type-facts.js';

/** Takes notes of a replay: the fact tables of model §4. */
export class FactRecorder {
  readonly memory: MemoryFacts;
  readonly types: TypeFacts;
  readonly m2p: M2pFacts;
  readonly sharing: SharingFacts;
  readonly linux: LinuxFacts;
  readonly grants: GrantFacts;
  readonly locks: LockFacts;
  readonly translations: TranslationFacts;
  private readonly now: Now;
  private readonly lockTable: LockTable;

  constructor(writer: FactWriter, now: Now, lockTable: LockTable) {
    this.now = now;
    this.lockTable = lockTable;
    this.memory = new MemoryFacts(writer, now);
    this.types = new TypeFacts(writer, now);
    this.m2p = new M2pFacts(writer, now);
    this.sharing = new SharingFacts(writer, now);
    this.linux = new LinuxFacts(writer, now);
    this.grants = new GrantFacts(writer, now);
    this.locks = new LockFacts(writer, now, lockTable);
    this.translations = new TranslationFacts(writer, now);
  }

  /** Records were lost: what is open now may have ended among them. Locks are lost pcpu by pcpu. */
  lose(): void {
    this.memory.lose();
    this.types.lose();
    this.translations.lose();
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
