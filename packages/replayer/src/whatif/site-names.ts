import { isValid, type TraceReader } from '@p2mtrace/trace-format';
import { siteAddress, siteOf, siteSymbol } from '../batch/call-site.js';
import type { SectionBatch } from './section-columns.js';

/** Call sites, and the symbols that were recorded for their addresses. */
export class SiteNames {
  private readonly names: TraceReader['names'];
  /** By index of an address: that of its symbol. */
  private readonly symbols: number[] = [];

  constructor(names: TraceReader['names']) {
    this.names = names;
  }

  /** The call site of an event (call-site.ts). */
  of(batch: SectionBatch, row: number): number {
    const { columns: c, validity: v } = batch;
    if (isValid(v.caller, row) && isValid(v.symbol, row)) this.symbols[c.caller[row]] = c.symbol[row];
    return siteOf(batch, row);
  }

  /** A call site by its symbol, or else its address; undefined for none. */
  nameOf(site: number): string | undefined {
    const symbol = this.symbols[site];
    if (symbol !== undefined) return this.names.symbol[symbol];
    return site < 0 ? undefined : (siteAddress(this.names, site) ?? siteSymbol(this.names, site));
  }
}
