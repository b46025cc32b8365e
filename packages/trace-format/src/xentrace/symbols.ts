import { P2mError } from '../errors.js';

/** Call-site names by address, from `nm`-style lines (`ffff82d0402d8a40 t p2m_unlock_and_tlb_flush`). */
export class SymbolTable {
  private readonly addresses: BigUint64Array;
  private readonly names: readonly string[];

  private constructor(entries: (readonly [bigint, string])[]) {
    entries.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
    this.addresses = BigUint64Array.from(entries, ([address]) => address);
    this.names = entries.map(([, name]) => name);
  }

  /** @throws P2mError P2M_SYMBOLS with the line that is not in nm format */
  static parse(text: string, file: string): SymbolTable {
    const entries: (readonly [bigint, string])[] = [];
    text.split('\n').forEach((line, i) => {
      if (line.trim() === '') return;
      const match = /^\s*([0-9a-fA-F]{1,16})\s+\S\s+(\S+)/.exec(line);
      if (match === null) {
        throw new P2mError('P2M_SYMBOLS', 'this is not a line of nm output (address, type, name)', {
          blame: 'usage',
          place: { file, line: i + 1 },
          remedy: 'make the file with: nm xen-syms > xen-syms.map',
        });
      }
      entries.push([BigInt(`0x${match[1]}`), match[2]]);
    });
    return new SymbolTable(entries);
  }

  /** Name of the last symbol at or before the address; undefined if there is none. */
  nameOf(address: bigint): string | undefined {
    let low = 0;
    let high = this.addresses.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.addresses[middle] <= address) low = middle + 1;
      else high = middle;
    }
    return this.names[low - 1];
  }
}
