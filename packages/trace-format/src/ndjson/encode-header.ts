import type { TraceMetadata } from '../schema/metadata.js';
import { HEADER_FIELDS, HEADER_KEY, NDJSON_VERSION } from './header-schema.js';

/** The header line of a trace, without a newline; the inverse of decodeHeader. */
export function encodeHeader(metadata: TraceMetadata): string {
  const header: Record<string, unknown> = { [HEADER_KEY]: NDJSON_VERSION };
  for (const field of HEADER_FIELDS) {
    if (metadata[field] !== undefined) header[field] = metadata[field];
  }
  return JSON.stringify(header);
}
