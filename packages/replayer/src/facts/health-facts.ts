import type { StateImage } from '../memory/state-image.js';
import { offsetsOf } from './fact-columns.js';
import { DIVERGENCE_SPEC, DOMAINS, LOSSES } from './fact-specs.js';
import type { FactTable } from './fact-table.js';
import type { FactWriter } from './fact-writer.js';

const DOMAIN = offsetsOf(DOMAINS);

/** Facts that every replay keeps, as they are few: their rows stay open, and so can be read at any time. */
export class HealthFacts {
  readonly divergences: FactTable<typeof DIVERGENCE_SPEC>;
  readonly losses: FactTable<typeof LOSSES>;
  readonly domains: FactTable<typeof DOMAINS>;
  private readonly domainRows = new Map<number, number>();

  constructor(writer: FactWriter) {
    this.domains = writer.table(DOMAINS);
    this.divergences = writer.table(DIVERGENCE_SPEC);
    this.losses = writer.table(LOSSES);
  }

  transfer(image: StateImage): void {
    image.part('divergences', this.divergences);
    image.part('losses', this.losses);
    image.part('domains', this.domains);
    image.map('domainRows', this.domainRows);
  }

  /** Record of the domain, made where there is none. */
  domain(domid: number, seq: number): number {
    let at = this.domainRows.get(domid);
    if (at === undefined) {
      at = this.domains.open();
      this.domainRows.set(domid, at);
      const { records } = this.domains;
      records[at + DOMAIN.domid] = domid;
      records[at + DOMAIN.first_seq] = seq;
      records[at + DOMAIN.freed] = 0;
    }
    return at;
  }

  /** seq of the domain's creation, NaN where the trace does not show it. */
  createdAt(domid: number): number {
    const at = this.domainRows.get(domid);
    return at === undefined ? Number.NaN : this.domains.records[at + DOMAIN.created_seq];
  }

  /** The trace shows the domain's end, be it that there is another one of that id by now. */
  wasDestroyed(domid: number): boolean {
    const at = this.domainRows.get(domid);
    return at !== undefined && !Number.isNaN(this.domains.records[at + DOMAIN.destroyed_seq]);
  }

  /** The domain is being torn down; another of that id has not been created since. */
  isDying(domid: number): boolean {
    const at = this.domainRows.get(domid);
    if (at === undefined) return false;
    const { records } = this.domains;
    const dying = records[at + DOMAIN.dying_seq];
    return !Number.isNaN(dying) && !(records[at + DOMAIN.created_seq] > dying);
  }

  /** A page of the domain was freed, whose p2m was last used at `lastP2mSeq` (NaN for never). */
  pageFreed(domid: number, seq: number, lastP2mSeq: number): void {
    const at = this.domain(domid, seq);
    const { records } = this.domains;
    if (records[at + DOMAIN.last_free_seq] < lastP2mSeq) records[at + DOMAIN.freed] = 0;
    records[at + DOMAIN.freed]++;
    records[at + DOMAIN.last_free_seq] = seq;
  }

  /** What the end of the trace tells of a domain whose p2m was ever used. */
  finish(domid: number, lastP2mSeq: number): void {
    const at = this.domain(domid, lastP2mSeq);
    const { records } = this.domains;
    records[at + DOMAIN.last_p2m_seq] = lastP2mSeq;
    if (!(records[at + DOMAIN.last_free_seq] < lastP2mSeq)) return;
    records[at + DOMAIN.freed] = 0;
    records[at + DOMAIN.last_free_seq] = Number.NaN;
  }
}
