import { existsSync, readFileSync } from 'node:fs';
import type { BatchBlock } from '../batch-block.js';
import { COLUMN_NAMES } from '../columns.js';
import { mmLockOfLevel, type P2mNumbering, wireTypeTable } from '../xen-enums.js';
import { ADDRESS, COLUMN, FREE, LOCK_LEVELS, MEMORY_PAGES, NO_NAME, RUN } from './kernel-layout.js';
import { MEM_INDEXES, MEM_WORDS } from './records.js';

/** As much of it as is used here: neither the language's nor Node's types have it. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Memory {
    constructor(size: { initial: number; maximum: number; shared: true });
    readonly buffer: SharedArrayBuffer;
    grow(pages: number): number;
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, Memory>>);
    readonly exports: unknown;
  }
}

/** What the compiler of the kernel made (scripts/kernel.mjs). */
const WASM = new URL('./kernel.wasm', import.meta.url);
/** The TypeScript sources (tests) have none beside them. */
const BUILT_WASM = new URL('../../dist/xentrace/kernel.wasm', import.meta.url);

let compiled: WebAssembly.Module | undefined;

function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(existsSync(WASM) ? WASM : BUILT_WASM));
  return compiled;
}

/** What kernel/run.ts exports; its comments say what each does. */
interface Exports {
  readonly run: (cursor: number, written: number) => number;
  readonly addName: (table: number, at: number, index: number, symbol: number) => void;
}

const PAGE = 1 << 16;
const LINE = 64;

/**
 * The loop over all records, compiled ahead of time, and the memory that it works on: records are read to there, and
 * rows are written from there, by whichever thread.
 */
export class Kernel {
  readonly run: Exports['run'];
  /** RUN. */
  readonly state: Uint32Array;
  /** TRC_MEM records by memIndex. */
  readonly counts: Float64Array;
  /** Index of each wire p2m type, 255 for none. */
  readonly types: Uint8Array;
  private readonly addName: Exports['addName'];
  private readonly views: Uint32Array;
  private readonly memory: WebAssembly.Memory;
  private used = FREE;

  constructor(numbering: P2mNumbering, oldPayloads: boolean) {
    this.memory = new WebAssembly.Memory({ initial: Math.ceil(FREE / PAGE), maximum: MEMORY_PAGES, shared: true });
    const { exports } = new WebAssembly.Instance(kernelModule(), { env: { memory: this.memory } });
    ({ run: this.run, addName: this.addName } = exports as Exports);
    const { buffer } = this.memory;
    this.state = new Uint32Array(buffer, ADDRESS.run, Object.keys(RUN).length);
    this.state[RUN.oldPayloads] = oldPayloads ? 1 : 0;
    this.counts = new Float64Array(buffer, ADDRESS.counts, MEM_INDEXES);
    this.views = new Uint32Array(buffer, ADDRESS.views, 0x1_0000);
    this.types = new Uint8Array(buffer, ADDRESS.types, 256);
    this.types.set(wireTypeTable(numbering));
    new Uint8Array(buffer, ADDRESS.payloadWords, MEM_WORDS.length).set(MEM_WORDS);
    const lockClasses = new Uint8Array(buffer, ADDRESS.lockClasses, LOCK_LEVELS);
    lockClasses.forEach((_, level) => {
      lockClasses[level] = mmLockOfLevel(level) + 1;
    });
  }

  /** A part of the memory, zeroed. It is never given back: what is there is there for an import. */
  take(bytes: number): Uint8Array {
    const at = this.used;
    this.used = Math.ceil((at + bytes) / LINE) * LINE;
    const lacking = this.used - this.memory.buffer.byteLength;
    if (lacking > 0) this.memory.grow(Math.ceil(lacking / PAGE));
    return new Uint8Array(this.memory.buffer, at, bytes);
  }

  /** Makes the kernel write to the rows of these batches, whose memory was taken here. */
  writeTo({ columns, present }: BatchBlock): void {
    const addresses = new Uint32Array(this.memory.buffer);
    for (const name of COLUMN_NAMES) addresses[COLUMN[name] / 4] = columns[name].byteOffset;
    addresses[COLUMN.present / 4] = present.byteOffset;
  }

  /** The two words of the address that the kernel has asked for. */
  missingAddress(): Uint32Array {
    return new Uint32Array(this.memory.buffer, this.state[RUN.missing], 2);
  }

  /** Tells the index of the view, lock or caller that it asked for, -1 where there is no room for one. */
  addView(index: number): void {
    this.views[this.state[RUN.missing]] = index < 0 ? NO_NAME : index + 1;
  }

  addLock(index: number): void {
    this.addName(ADDRESS.locks, this.state[RUN.missing], index < 0 ? NO_NAME : index + 1, 0);
  }

  /** `symbol`: index of the caller's name, -1 for none. */
  addCaller(index: number, symbol: number): void {
    this.addName(ADDRESS.callers, this.state[RUN.missing], index < 0 ? NO_NAME : index + 1, symbol + 1);
  }
}
