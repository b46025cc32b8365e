import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { NdjsonHeader, TraceMetadata } from '@p2mtrace/trace-format';
import { P2mError, usageError } from '@p2mtrace/trace-format/errors';
import {
  importXentraceFile,
  importXentraceStream,
  SymbolTable,
  type XentraceOptions,
} from '@p2mtrace/trace-format/xentrace';
import type { Context, Run } from '../command.js';
import { EXIT } from '../exit.js';
import type { InputFormat } from '../input/detect.js';
import { type Input, openInput } from '../input/open-input.js';
import { stoppable } from '../input/stoppable.js';
import { checkOutput } from '../output-path.js';
import { count, counted } from '../render/cell.js';
import { healthLines } from '../render/health.js';
import { jsonText } from '../render/json.js';
import { Progress } from '../render/progress.js';

interface Options {
  readonly output: string;
  readonly format?: InputFormat;
  readonly xenVersion?: string;
  readonly layout?: string;
  readonly symbols?: string;
  readonly cpuHz?: number;
  readonly host?: string;
  readonly controlDomains?: number[];
  readonly json?: boolean;
  readonly progress?: string;
  readonly quiet?: boolean;
}

export const run: Run<readonly [string], Options> = async ([path], options, context) => {
  checkOutput(options.output, path);
  const input = await openInput(path, options.format);
  const progress = new Progress(context, options.quiet === true ? 'never' : options.progress, 'bytes', input.size);
  let metadata: TraceMetadata;
  try {
    const importer = input.format === 'ndjson' ? importText : importCapture;
    metadata = await importer(path, input, options, progress);
  } catch (error) {
    // That the compressed file was cut explains an error in its last line.
    for (const problem of input.problems) context.err.say(`p2mtrace: ${problem}\n`);
    throw error;
  } finally {
    progress.end();
  }
  if (options.quiet !== true || options.json === true) await report(input, options, context);
  return damageCode(input, metadata, options, context);
};

async function importCapture(path: string, input: Input, options: Options, progress: Progress): Promise<TraceMetadata> {
  const { xenVersion, layout, host, controlDomains, cpuHz } = options;
  const symbols = options.symbols === undefined ? undefined : readSymbols(options.symbols);
  const all: XentraceOptions = { xenVersion, layout, symbols, host, controlDomains, tscHz: cpuHz };
  if (input.stream === undefined) {
    const onProgress = progress.update;
    return stoppable(signal => importXentraceFile(path, options.output, { ...all, onProgress, signal }));
  }
  return importXentraceStream(withProgress(input, progress), input.name, options.output, all);
}

async function importText(path: string, input: Input, options: Options, progress: Progress): Promise<TraceMetadata> {
  const { importNdjson, LAYOUT_NAMES, profileOfVersion } = await import('@p2mtrace/trace-format');
  const { output, xenVersion, layout, host, controlDomains, cpuHz, symbols } = options;
  if (symbols !== undefined) {
    throw usageError('P2M_SYMBOLS', '--symbols is for captures', 'NDJSON has a field symbol in each event');
  }
  if (xenVersion !== undefined && profileOfVersion(xenVersion) === undefined) {
    throw usageError('P2M_VERSION', `--xen-version ${xenVersion} is not a release that p2mtrace knows`, 'write 4.17.7');
  }
  if (layout !== undefined && !LAYOUT_NAMES.includes(layout)) {
    throw usageError('P2M_LAYOUT', `--layout ${layout} does not exist`, `one of ${LAYOUT_NAMES.join(', ')}`);
  }
  const header: NdjsonHeader = { xenVersion, layout, host, controlDomains, tscHz: cpuHz };
  if (input.stream !== undefined) return importNdjson(withProgress(input, progress), input.name, output, { header });
  const onProgress = progress.update;
  return stoppable(signal => importNdjson(path, input.name, output, { header, onProgress, signal }));
}

/** Progress of a stream is that of the bytes that came in, before they are decompressed. */
async function* withProgress({ stream, source }: Input, progress: Progress): AsyncGenerator<Uint8Array> {
  if (stream === undefined) return;
  for await (const piece of stream) {
    yield piece;
    progress.update(source?.bytes ?? 0);
  }
}

function readSymbols(path: string): SymbolTable {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new P2mError('P2M_OPEN', `the symbols can't be read (${(cause as NodeJS.ErrnoException).code})`, {
      blame: 'usage',
      place: { file: path },
      remedy: 'make the file with: nm xen-syms > xen-syms.map',
      cause,
    });
  }
  return SymbolTable.parse(text, path);
}

/** Tells what the import found, from the finished trace: only there are all numbers known. */
async function report(input: Input, { output, quiet, json }: Options, { out, err }: Context): Promise<void> {
  const { TraceReader } = await import('@p2mtrace/trace-format');
  const reader = TraceReader.open(output);
  const { metadata, rows } = reader;
  reader.close();
  if (quiet !== true) {
    const { health } = metadata;
    const read = health === undefined ? '' : `${count(health.bytes)} bytes, ${counted(health.records, 'record')}, `;
    err.say(`${basename(input.name)} → ${output}: ${read}${counted(rows, 'event')}\n`);
    err.say(`${healthLines(metadata).join('\n')}\n`);
  }
  if (json === true) await out.write(`${jsonText(metadata, 2)}\n`);
}

/** Says what of the input could not be read; the exit code. */
function damageCode(input: Input, { health }: TraceMetadata, { output }: Options, { err }: Context): number {
  const damage = [...input.problems, ...(health?.problems ?? []).filter(problem => /\bcut\b|skipped/.test(problem))];
  if (input.source?.left === true) {
    err.say('p2mtrace: interrupted: the trace has what had been read until then\n');
    // A file that was not read to its end was cut by the person; a recording has no other end.
    if (input.size !== undefined) damage.unshift('the input was not read to its end');
  }
  const skipped = health?.skippedBytes ?? 0;
  if (damage.length === 0 && skipped === 0) return EXIT.fine;
  if (damage.length === 0) damage.push(`${counted(skipped, 'byte')} could not be read`);
  const more = damage.length > 3 ? `; and ${damage.length - 3} problems more` : '';
  err.say(`p2mtrace: P2M_INPUT_DAMAGED: ${damage.slice(0, 3).join('; ')}${more}\n`);
  err.say(`  ${output} has everything that could be read\n`);
  return EXIT.input;
}
