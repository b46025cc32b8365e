import { createRequire } from 'node:module';
import type { DuckDBDataChunk } from '@duckdb/node-api';

const requireHere = createRequire(import.meta.url);

/** Calls `make` on first use and keeps the result. */
function lazily<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/**
 * The module, loaded when first needed: loading takes longer than most replays, and those don't need it. Not loaded by
 * `import`, which would first parse all of its hundred files for their exports and so take twice as long.
 */
export const duckdb = lazily((): typeof import('@duckdb/node-api') => requireHere('@duckdb/node-api'));

/** Memory of one column of a chunk; only passed back to the functions below. */
export type Vector = object & { readonly __vector: never };

/** The few functions below node-api that copy memory as it is; they check no bounds. */
interface Bindings {
  data_chunk_get_vector(chunk: DuckDBDataChunk['chunk'], column: number): Vector;
  copy_data_to_vector(to: Vector, toByte: number, from: ArrayBufferLike, fromByte: number, bytes: number): void;
  vector_ensure_validity_writable(vector: Vector): void;
  copy_data_to_vector_validity(
    to: Vector,
    toByte: number,
    from: ArrayBufferLike,
    fromByte: number,
    bytes: number,
  ): void;
  vector_assign_string_element_len(vector: Vector, row: number, bytes: Uint8Array): void;
}

/** Found through node-api, so that both are the same version of one native module: they share handles. */
export const bindings = lazily(
  (): Bindings => createRequire(requireHere.resolve('@duckdb/node-api'))('@duckdb/node-bindings'),
);

/** Rows that DuckDB takes at a time. */
export const VECTOR_ROWS = 2048;
