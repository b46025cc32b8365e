import { metadataSchema, type TraceMetadata } from '../schema/metadata.js';

/** Key and value that make a line the header: the version of the NDJSON form. */
export const HEADER_KEY = 'p2mtrace';
export const NDJSON_VERSION = 1;

/** The metadata that a person may set; the importer sets the rest. */
export const HEADER_FIELDS = ['layout', 'xenVersion', 'p2mNumbering', 'tscHz', 'controlDomains', 'host'] as const;
export type HeaderField = (typeof HEADER_FIELDS)[number];
export type NdjsonHeader = { readonly [K in HeaderField]?: TraceMetadata[K] | undefined };

/** The shape of the header, as in the metadata. */
export function headerSchema() {
  const mask = {
    layout: true,
    xenVersion: true,
    p2mNumbering: true,
    tscHz: true,
    controlDomains: true,
    host: true,
  } as const;
  return metadataSchema()
    .pick(mask satisfies Record<HeaderField, true>)
    .partial();
}
