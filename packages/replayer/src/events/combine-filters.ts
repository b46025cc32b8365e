import type { EventFilter } from './event-filter.js';

/** Rows that match all filters; once no row is left, the others are not asked, and their columns not read. */
export function allOf(filters: readonly EventFilter[]): EventFilter {
  const [first, ...others] = filters;
  const memory = new MaskMemory();
  return {
    fill(batch, mask) {
      const rows = mask.subarray(0, batch.rows);
      first.fill(batch, rows);
      for (const filter of others) {
        if (!rows.includes(1)) return;
        const other = memory.of(batch.rows);
        filter.fill(batch, other);
        for (let row = 0; row < rows.length; row++) rows[row] &= other[row];
      }
    },
  };
}

/** Rows that match any of the filters. */
export function anyOf(filters: readonly EventFilter[]): EventFilter {
  const [first, ...others] = filters;
  const memory = new MaskMemory();
  return {
    fill(batch, mask) {
      const rows = mask.subarray(0, batch.rows);
      first.fill(batch, rows);
      for (const filter of others) {
        const other = memory.of(batch.rows);
        filter.fill(batch, other);
        for (let row = 0; row < rows.length; row++) rows[row] |= other[row];
      }
    },
  };
}

/** Rows that do not match the filter. */
export function noneOf(filter: EventFilter): EventFilter {
  return {
    fill(batch, mask) {
      filter.fill(batch, mask);
      for (let row = 0; row < batch.rows; row++) mask[row] ^= 1;
    },
  };
}

/** A second mask, as long as the largest batch so far. */
class MaskMemory {
  private mask = new Uint8Array(0);

  of(rows: number): Uint8Array {
    if (this.mask.length < rows) this.mask = new Uint8Array(rows);
    return this.mask.subarray(0, rows);
  }
}
