import { createRequire } from 'node:module';
import type { DuckDBDataChunk } from '@duckdb/node-api';

const requireHere = createRequire(import.meta.url);

/** What `make` makes, when it is first asked for. */
function lazily<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/**
 * The module, loaded when it is first needed: that takes longer than most replays, which need none of it. Not by
 * `import`, which would first parse all of its hundred files for the names they export: as long as loading them.
 */
export const duckdb = lazily((): typeof import('@duckdb/node-api') => requireHere('@duckdb/node-api'));

/** Memory of one column of a chunk; only handed back to the functions below. */
export type Vector = object & { readonly __vector: never };

/** The few functions below node-api that copy memory as it is; none of them checks a bound. */
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

/** Found through node-api, so that both are one native module of one version: handles of another would be garbage. */
export const bindings = lazily(
  (): Bindings => createRequire(requireHere.resolve('@duckdb/node-api'))('@duckdb/node-bindings'),
);

/** Rows that DuckDB takes at a time. */
export const VECTOR_ROWS = 2048;
