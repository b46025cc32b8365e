import { readFileSync } from 'node:fs';
import type {
  Compression,
  EventFilter,
  EventReceiver,
  ImportMap,
  KindName,
  NdjsonHeader,
  TraceMetadata,
} from '@p2mtrace/trace-format';
import { P2mError, usageError } from '@p2mtrace/trace-format/errors';
import {
  importXentraceFile,
  importXentraceStream,
  type StreamReceiver,
  type XentraceOptions,
} from '@p2mtrace/trace-format/xentrace';
import { readSymbols } from '../symbols/read-symbols.js';
import type { Input } from './open-input.js';
import { stoppable } from './stoppable.js';

/** What the input itself does not say. */
export interface ImportSettings {
  readonly xenVersion?: string | undefined;
  readonly layout?: string | undefined;
  /** xen-syms, or what nm printed of it. */
  readonly symbols?: string | undefined;
  readonly cpuHz?: number | undefined;
  readonly host?: string | undefined;
  readonly buildId?: string | undefined;
  /** Names of domains by domid. */
  readonly domains?: Readonly<Record<string, string>> | undefined;
  readonly controlDomains?: number[] | undefined;
  /** Whose the records of a capture are that lie in no window. */
  readonly pcpu?: number | undefined;
  /** A file that tells what records of others mean. */
  readonly map?: string | undefined;
  readonly compress?: Compression | 'none' | undefined;
  readonly onlyDomain?: number[] | undefined;
  readonly onlyKind?: KindName[][] | undefined;
}

/** Called from time to time with the number of bytes of the input read so far. */
export type OnBytes = (done: number) => void;

/**
 * Makes a trace from an opened input, and returns its metadata. Prints nothing: what was wrong with the input is in
 * `input.problems`, even if this throws, and in the metadata's health (`inputDamage`).
 * @throws P2mError like the importers of trace-format; P2M_SYMBOLS, P2M_VERSION, P2M_LAYOUT (usage), P2M_OPEN
 */
export function importInput(
  input: Input,
  output: string | Receiver,
  settings: ImportSettings,
  onBytes: OnBytes,
): Promise<TraceMetadata> {
  const importer = input.format === 'xentrace' ? importCapture : importText;
  return importer(input, output, settings, onBytes);
}

/** Takes the events of any input as they come. */
export type Receiver = StreamReceiver & EventReceiver;

/** Passes the events of a stream on as they come; otherwise like importInput. */
export const importInto = (input: Input, receiver: Receiver, settings: ImportSettings): Promise<TraceMetadata> =>
  importInput(input, receiver, settings, () => undefined);

async function importCapture(
  input: Input,
  output: string | Receiver,
  settings: ImportSettings,
  onProgress: OnBytes,
): Promise<TraceMetadata> {
  const { xenVersion, layout, host, buildId, domains, controlDomains, cpuHz, pcpu } = settings;
  const symbols = settings.symbols === undefined ? undefined : readSymbols(settings.symbols);
  const all: XentraceOptions = {
    ...{ xenVersion, layout, symbols, host, buildId, domains, controlDomains, pcpu },
    tscHz: cpuHz,
    map: await mapOf(settings),
    ...made(settings),
  };
  if (input.stream === undefined && typeof output === 'string') {
    return stoppable(signal => importXentraceFile(input.name, output, { ...all, onProgress, signal }));
  }
  return importXentraceStream(withProgress(input, onProgress), input.name, output, all);
}

async function importText(
  input: Input,
  output: string | Receiver,
  settings: ImportSettings,
  onProgress: OnBytes,
): Promise<TraceMetadata> {
  const { importCsv, importNdjson, importStd, LAYOUT_NAMES, profileOfVersion, suggestion } = await import(
    '@p2mtrace/trace-format'
  );
  const { xenVersion, layout, host, controlDomains, cpuHz, symbols, pcpu } = settings;
  if (pcpu !== undefined) {
    throw usageError('P2M_PCPU', '--pcpu is for captures', 'NDJSON has a field pcpu in each event');
  }
  if (symbols !== undefined) {
    throw usageError('P2M_SYMBOLS', '--symbols is for captures', 'NDJSON has a field symbol in each event');
  }
  if (xenVersion !== undefined && profileOfVersion(xenVersion) === undefined) {
    throw usageError('P2M_VERSION', `--xen-version ${xenVersion} is not a release that p2mtrace knows`, 'write 4.17.7');
  }
  if (layout !== undefined && !LAYOUT_NAMES.includes(layout)) {
    throw usageError(
      'P2M_LAYOUT',
      `--layout ${layout} does not exist${suggestion(layout, LAYOUT_NAMES)}`,
      `one of ${LAYOUT_NAMES.join(', ')}`,
    );
  }
  const header: NdjsonHeader = { xenVersion, layout, host, controlDomains, tscHz: cpuHz };
  const all = { header, ...made(settings) };
  const map = await mapOf(settings);
  if (input.format === 'csv') {
    if (map === undefined) throw usageError('P2M_MAP', 'a CSV needs a map', '--map FILE (docs/import.md)');
    if (input.stream !== undefined) return importCsv(withProgress(input, onProgress), input.name, output, map, all);
    return stoppable(signal => importCsv(input.name, input.name, output, map, { ...all, onProgress, signal }));
  }
  if (typeof output !== 'string') {
    if (input.format === 'std') throw usageError('P2M_USAGE', 'watch reads no std', 'import it, and analyze that');
    return importNdjson(withProgress(input, onProgress), input.name, output, all);
  }
  const importer = input.format === 'std' ? importStd : importNdjson;
  if (input.stream !== undefined) return importer(withProgress(input, onProgress), input.name, output, all);
  return stoppable(signal => importer(input.name, input.name, output, { ...all, onProgress, signal }));
}

/** How the trace is made, whatever its input. */
function made({ compress, onlyDomain, onlyKind }: ImportSettings): { compression?: Compression; filter?: EventFilter } {
  return {
    ...(compress === undefined || compress === 'none' ? {} : { compression: compress }),
    ...(onlyDomain || onlyKind ? { filter: { domains: onlyDomain, kinds: onlyKind?.flat() } } : {}),
  };
}

/** Progress of a stream counts the bytes that arrived, before decompression. */
async function* withProgress({ stream, source }: Input, onProgress: OnBytes): AsyncGenerator<Uint8Array> {
  if (stream === undefined) return;
  for await (const piece of stream) {
    yield piece;
    onProgress(source?.bytes ?? 0);
  }
}

/** What the map says. @throws P2mError P2M_MAP (usage), P2M_OPEN (usage) */
async function mapOf({ map }: ImportSettings): Promise<ImportMap | undefined> {
  if (map === undefined) return undefined;
  const { parseMap } = await import('@p2mtrace/trace-format');
  try {
    return parseMap(readFileSync(map, 'utf8'));
  } catch (error) {
    if (error instanceof P2mError) throw error.at({ file: map });
    throw new P2mError('P2M_OPEN', `the map can't be read (${(error as NodeJS.ErrnoException).code})`, {
      blame: 'usage',
      place: { file: map },
      remedy: 'check the path',
      cause: error,
    });
  }
}
