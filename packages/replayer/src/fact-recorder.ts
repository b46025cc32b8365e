import { DIVERGENCE_SPEC, DOMAINS, LOSSES } from './fact-specs.js';
import { FactTable } from './fact-table.js';
import { LockFacts } from './lock-facts.js';
import type { LockTable } from './lock-table.js';
import { MemoryFacts } from './memory-facts.js';
import type { Now } from './now.js';
import type { StateImage } from './state-image.js';
import { TranslationFacts } from './translation-facts.js';

/** Takes notes of a replay: the fact tables of model §4, as far as they exist. */
export class FactRecorder {
  readonly memory: MemoryFacts;
  readonly locks: LockFacts;
  readonly translations: TranslationFacts;
  /** Index of the call site of what happens now: the event's own, or that of the innermost lock held; -1 for none. */
  readonly site: () => number;

  constructor(now: Now, lockTable: LockTable) {
    const site = () => {
      if (now.caller >= 0) return now.caller;
      const innermost = lockTable.innermost(now.pcpu);
      return innermost >= lockTable.bottom(now.pcpu) ? lockTable.heldCaller[innermost] : -1;
    };
    this.site = site;
    this.memory = new MemoryFacts(now, site);
    this.locks = new LockFacts(now, lockTable);
    this.translations = new TranslationFacts(now);
  }
}

/** Facts that every replay keeps, as they are few. */
export class HealthFacts {
  readonly divergences = new FactTable(DIVERGENCE_SPEC);
  readonly losses = new FactTable(LOSSES);
  readonly domains = new FactTable(DOMAINS);
  private readonly domainRows = new Map<number, number>();

  transfer(image: StateImage): void {
    image.part('divergences', this.divergences);
    image.part('losses', this.losses);
    image.part('domains', this.domains);
    image.map('domainRows', this.domainRows);
  }

  /** Row of the domain, made where there is none. */
  domain(domid: number, seq: number): number {
    let row = this.domainRows.get(domid);
    if (row === undefined) {
      row = this.domains.add();
      this.domainRows.set(domid, row);
      this.domains.columns.domid[row] = domid;
      this.domains.columns.first_seq[row] = seq;
      this.domains.columns.freed[row] = 0;
    }
    return row;
  }
}
