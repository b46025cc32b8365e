import { existsSync, readFileSync } from 'node:fs';
import { P2mError } from '../errors.js';
import { FREE, MEMORY_PAGES } from './kernel-layout.js';

/** The part that is used here; neither the language's types nor Node's have it. */
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

/** What ../kernel/index.ts exports; its comments say what each function does. Addresses are in the kernel's memory. */
export interface KernelFunctions {
  readonly run: (cursor: number, written: number) => number;
  readonly addName: (table: number, at: number, index: number, symbol: number) => void;
  readonly transpose: (masks: number, rows: number, bitmaps: number, stride: number) => number;
  readonly fillSeq: (seq: number, rows: number, first: number) => void;
  readonly countBits: (bitmap: number, rows: number) => number;
  readonly clear: (at: number, bytes: number) => void;
}

/** Made by scripts/kernel.mjs; not present beside the TypeScript sources (tests). */
const WASM = new URL('./kernel.wasm', import.meta.url);
const BUILT_WASM = new URL('../../dist/kernel/kernel.wasm', import.meta.url);

let compiled: WebAssembly.Module | undefined;
function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(existsSync(WASM) ? WASM : BUILT_WASM));
  return compiled;
}

/** A kernel on its way to another thread. */
export interface KernelParts {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

const PAGE = 1 << 16;
const LINE = 64;

function makeMemory(): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: Math.ceil(FREE / PAGE), maximum: MEMORY_PAGES, shared: true });
  } catch (cause) {
    // To leave out bounds checks, Node reserves all addresses that 32 bits and an offset can reach.
    throw new P2mError('P2M_ADDRESSES', `no trace can be written: ${(cause as Error).message}`, {
      blame: 'usage',
      remedy: 'allow 16 GB of address space (ulimit -v), or set NODE_OPTIONS=--disable-wasm-trap-handler',
      cause,
    });
  }
}

/**
 * The work on every event of an import, compiled ahead of time: WebAssembly on a memory that threads share. Records
 * are read into that memory, and rows are written from it.
 */
export class Kernel {
  readonly functions: KernelFunctions;
  readonly parts: KernelParts;
  private used = FREE;

  /**
   * `parts`: of another thread's kernel, to work on its memory.
   * @throws P2mError P2M_ADDRESSES
   */
  constructor(parts?: KernelParts) {
    this.parts = parts ?? { module: kernelModule(), memory: makeMemory() };
    const { module, memory } = this.parts;
    this.functions = new WebAssembly.Instance(module, { env: { memory } }).exports as KernelFunctions;
  }

  /** All memory in use. */
  get buffer(): SharedArrayBuffer {
    return this.parts.memory.buffer;
  }

  /** A zeroed part of the memory; it is never freed. Only the thread that made the memory takes parts. */
  take(bytes: number): Uint8Array {
    const at = this.used;
    this.used = Math.ceil((at + bytes) / LINE) * LINE;
    const lacking = this.used - this.buffer.byteLength;
    if (lacking > 0) this.parts.memory.grow(Math.ceil(lacking / PAGE));
    return new Uint8Array(this.buffer, at, bytes);
  }
}
