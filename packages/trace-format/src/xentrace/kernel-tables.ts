import type { BatchBlock } from '../kernel/batch-block.js';
import type { Kernel } from '../kernel/kernel.js';
import { ADDRESS, COLUMN, LOCK_LEVELS, NO_NAME, RUN, WIRE_VIEWS } from '../kernel/kernel-layout.js';
import { COLUMN_NAMES } from '../schema/columns.js';
import { MEM_WORDS, NO_RECORD } from '../schema/record-table.js';
import { mmLockOfLevel, type P2mNumbering, wireTypeTable } from '../schema/xen-enums.js';
import { CLASS_MASK, MEM_CLASS, MEM_INDEXES } from '../schema/xentrace-records.js';

/** What the kernel knows about records, in its memory. */
export class KernelTables {
  /** Words as in RUN. */
  readonly state: Uint32Array;
  /** TRC_MEM records by memIndex. */
  readonly counts: BigUint64Array;
  /** By minor: records of which something was ignored. */
  readonly ignored: BigUint64Array;
  /** Index of each wire p2m type, 255 for none. */
  readonly types: Uint8Array;
  private readonly kernel: Kernel;
  private readonly views: Uint32Array;

  constructor(kernel: Kernel, numbering: P2mNumbering, oldPayloads: boolean) {
    const { buffer } = kernel;
    this.kernel = kernel;
    this.state = new Uint32Array(buffer, ADDRESS.run, Object.keys(RUN).length);
    this.state[RUN.oldPayloads] = oldPayloads ? 1 : 0;
    this.counts = new BigUint64Array(buffer, ADDRESS.counts, MEM_INDEXES);
    this.ignored = new BigUint64Array(buffer, ADDRESS.ignored, MEM_WORDS.length);
    this.views = new Uint32Array(buffer, ADDRESS.views, WIRE_VIEWS);
    this.types = new Uint8Array(buffer, ADDRESS.types, 256);
    this.types.set(wireTypeTable(numbering));
    new Uint8Array(buffer, ADDRESS.payloadWords, MEM_WORDS.length).set(MEM_WORDS);
    const lockClasses = new Uint8Array(buffer, ADDRESS.lockClasses, LOCK_LEVELS);
    for (let level = 0; level < LOCK_LEVELS; level++) lockClasses[level] = mmLockOfLevel(level) + 1;
  }

  /** Makes the kernel write to the rows of these batches. */
  writeTo({ columns, present }: BatchBlock): void {
    const addresses = new Uint32Array(this.kernel.buffer);
    for (const name of COLUMN_NAMES) addresses[COLUMN[name] / 4] = columns[name].byteOffset;
    addresses[COLUMN.present / 4] = present.byteOffset;
  }

  /** Makes the kernel leave a TRC_MEM record to TypeScript. */
  leaveOut(event: number): void {
    if ((event & CLASS_MASK) !== MEM_CLASS) return;
    new Uint8Array(this.kernel.buffer, ADDRESS.payloadWords, MEM_WORDS.length)[event & 0xfff] = NO_RECORD;
  }

  /** The two words of the address that the kernel asks for. */
  missingAddress(): Uint32Array {
    return new Uint32Array(this.kernel.buffer, this.state[RUN.missing], 2);
  }

  /** Gives the kernel the index of the view, lock or caller that it asks for, -1 if the dictionary is full. */
  addView(index: number): void {
    this.views[this.state[RUN.missing]] = nameNumber(index);
  }

  addLock(index: number): void {
    this.kernel.functions.addName(ADDRESS.locks, this.state[RUN.missing], nameNumber(index), 0);
  }

  /** `symbol`: index of the caller's name, -1 if it has none. */
  addCaller(index: number, symbol: number): void {
    this.kernel.functions.addName(ADDRESS.callers, this.state[RUN.missing], nameNumber(index), symbol + 1);
  }
}

const nameNumber = (index: number): number => (index < 0 ? NO_NAME : index + 1);
