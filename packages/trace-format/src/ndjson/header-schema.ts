import { type TraceMetadata, traceMetadataSchema } from '../metadata.js';

/** Key and value that make a line the header: the version of the NDJSON form. */
export const HEADER_KEY = 'p2mtrace';
export const NDJSON_VERSION = 1;

/** What of the metadata a person may set; the rest is the importer's to say. */
export const ndjsonHeaderSchema = traceMetadataSchema
  .pick({ layout: true, xenVersion: true, p2mNumbering: true, tscHz: true, controlDomains: true, host: true })
  .partial();
export type HeaderField = keyof typeof ndjsonHeaderSchema.shape;
export type NdjsonHeader = { readonly [K in HeaderField]?: TraceMetadata[K] | undefined };

export const HEADER_FIELDS = Object.keys(ndjsonHeaderSchema.shape) as HeaderField[];
