import { isValid, type ReadBatch, type TraceReader } from '@p2mtrace/trace-format';

/*
 * A call site as one number: the index of its address or, for an event that has only a symbol (NDJSON allows this), the
 * index of the symbol, after all indices that an address can have. State and facts carry it as `caller`.
 */

/** Indices of addresses have 24 bits. */
export const SYMBOL_SITES = 0x100_0000;

/** A batch with at least these columns. */
type SiteBatch = Pick<ReadBatch<'caller' | 'symbol'>, 'columns' | 'validity'>;

/** The row's call site, -1 for none. */
export function siteOf({ columns, validity }: SiteBatch, row: number): number {
  if (isValid(validity.caller, row)) return columns.caller[row];
  return isValid(validity.symbol, row) ? SYMBOL_SITES + columns.symbol[row] : -1;
}

/** The address of a site, undefined if it has none. */
export function siteAddress(names: TraceReader['names'], site: number): string | undefined {
  return site < SYMBOL_SITES ? names.caller[site] : undefined;
}

/** The symbol of a site that has no address. */
export function siteSymbol(names: TraceReader['names'], site: number): string | undefined {
  return names.symbol[site - SYMBOL_SITES];
}
