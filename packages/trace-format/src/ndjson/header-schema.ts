import { metadataSchema, type TraceMetadata } from '../schema/metadata.js';

/** Key and value that make a line the header: the version of the NDJSON form. */
export const HEADER_KEY = 'p2mtrace';
export const NDJSON_VERSION = 1;

/** What of the metadata a person may set; the rest is the importer's to say. */
export const HEADER_FIELDS = ['layout', 'xenVersion', 'p2mNumbering', 'tscHz', 'controlDomains', 'host'] as const;
export type HeaderField = (typeof HEADER_FIELDS)[number];
export type NdjsonHeader = { readonly [K in HeaderField]?: TraceMetadata[K] | undefined };

/** The header's shape, as the metadata has it. */
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
