import type { FactWriter } from './fact-writer.js';
import { LockFacts } from './lock-facts.js';
import type { LockTable } from './lock-table.js';
import { MemoryFacts } from './memory-facts.js';
import type { Now } from './now.js';
import { TranslationFacts } from './translation-facts.js';

/** Takes notes of a replay: the fact tables of model §4, as far as they exist. */
export class FactRecorder {
  readonly memory: MemoryFacts;
  readonly locks: LockFacts;
  readonly translations: TranslationFacts;
  private readonly now: Now;
  private readonly lockTable: LockTable;

  constructor(writer: FactWriter, now: Now, lockTable: LockTable) {
    this.now = now;
    this.lockTable = lockTable;
    this.memory = new MemoryFacts(writer, now);
    this.locks = new LockFacts(writer, now, lockTable);
    this.translations = new TranslationFacts(writer, now);
  }

  /** Index of the call site of what happens now: the event's own, or that of the innermost lock held; -1 for none. */
  site(): number {
    const { now, lockTable } = this;
    if (now.caller >= 0) return now.caller;
    const innermost = lockTable.innermost(now.pcpu);
    return innermost >= lockTable.bottom(now.pcpu) ? lockTable.heldCaller[innermost] : -1;
  }
}
