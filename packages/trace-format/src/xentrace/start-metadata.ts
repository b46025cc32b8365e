import type { TraceMetadata } from '../schema/metadata.js';
import type { Interpretation, XentraceOptions } from './options.js';

/** What is known about a trace before its capture is read. */
export function startMetadata(source: string, options: XentraceOptions, { metadata }: Interpretation): TraceMetadata {
  return {
    source: source.split('/').at(-1) ?? source,
    format: 'xentrace',
    ...metadata,
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.buildId === undefined ? {} : { buildId: options.buildId }),
    ...(options.domains === undefined ? {} : { domains: { ...options.domains } }),
    ...(options.tscHz === undefined ? {} : { tscHz: options.tscHz }),
    controlDomains: [...(options.controlDomains ?? [0])],
  };
}
