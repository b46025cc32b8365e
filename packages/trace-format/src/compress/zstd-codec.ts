import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Codec } from './codec.js';
import { codecError } from './codec-error.js';

/** What the module of @foxglove/wasm-zstd has; addresses are in its memory, a size of -1 is an error. */
interface Zstd {
  HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(at: number): void;
  _compressBound(bytes: number): number;
  _compress(into: number, room: number, from: number, bytes: number, level: number): number;
  _decompress(into: number, room: number, from: number, bytes: number): number;
}

/** The parts that are used here; neither the language's types nor Node's have them. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: object);
    readonly exports: object;
  }
}
type OnInstance = (instance: WebAssembly.Instance) => void;
/** Emscripten's start of a module: it adds the module's functions to the object that it is given. */
type Start = (module: Partial<Zstd> & { instantiateWasm(imports: object, done: OnInstance): object }) => unknown;

/** Columns of counters compress better at 1 than at zstd's default of 3, and in two thirds of the time. */
const LEVEL = 1;

/** Zstandard, in WebAssembly: what Node has of its own is not in every release that p2mtrace runs on. */
export function zstdCodec(): Codec {
  const zstd = load();
  const input = new Room(zstd);
  const output = new Room(zstd);
  return {
    compress(bytes) {
      const from = input.with(bytes);
      const room = zstd._compressBound(bytes.length);
      const into = output.of(room);
      const size = zstd._compress(into, room, from, bytes.length, LEVEL);
      if (size < 0) throw new Error('zstd has failed');
      return zstd.HEAPU8.subarray(into, into + size);
    },
    decompress(bytes, into) {
      const from = input.with(bytes);
      const at = output.of(into.length);
      const size = zstd._decompress(at, into.length, from, bytes.length);
      if (size !== into.length)
        throw new Error(size < 0 ? 'there is no zstd frame of this size' : `it has ${size} bytes`);
      into.set(zstd.HEAPU8.subarray(at, at + size));
    },
  };
}

/** A part of the module's memory that grows with what it has to hold. */
class Room {
  private readonly zstd: Zstd;
  private at = 0;
  private bytes = 0;

  constructor(zstd: Zstd) {
    this.zstd = zstd;
  }

  of(bytes: number): number {
    if (bytes <= this.bytes) return this.at;
    if (this.at !== 0) this.zstd._free(this.at);
    this.at = this.zstd._malloc(bytes);
    if (this.at === 0) throw new Error(`zstd has no memory for ${bytes} bytes`);
    this.bytes = bytes;
    return this.at;
  }

  with(bytes: Uint8Array): number {
    const at = this.of(bytes.length);
    this.zstd.HEAPU8.set(bytes, at);
    return at;
  }
}

/** Started at once and not, as the package does it, some time later: traces are read without waiting. */
function load(): Zstd {
  try {
    const require = createRequire(import.meta.url);
    const start = require('@foxglove/wasm-zstd/dist/wasm-zstd.js') as Start;
    const file = readFileSync(require.resolve('@foxglove/wasm-zstd/dist/wasm-zstd.wasm'));
    const module: Parameters<Start>[0] = {
      instantiateWasm(imports, done) {
        const instance = new WebAssembly.Instance(new WebAssembly.Module(file), imports);
        done(instance);
        return instance.exports;
      },
    };
    start(module);
    if (module._decompress === undefined) throw new Error('the module did not start');
    return module as Zstd;
  } catch (cause) {
    throw codecError('zstd', 'LZ4', cause);
  }
}
