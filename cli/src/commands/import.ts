import { basename } from 'node:path';
import type { TraceMetadata } from '@p2mtrace/trace-format';
import type { Context, Run } from '../command.js';
import { EXIT } from '../exit.js';
import { holdOutput } from '../hold-output.js';
import type { InputFormat } from '../input/detect.js';
import { type ImportSettings, importInput } from '../input/import-input.js';
import { inputDamage } from '../input/input-damage.js';
import { type Input, openInput } from '../input/open-input.js';
import { checkOutput } from '../output-path.js';
import { count, counted } from '../render/cell.js';
import { healthLines } from '../render/health.js';
import { jsonText } from '../render/json.js';
import { Progress } from '../render/progress.js';

interface Options extends ImportSettings {
  readonly output: string;
  readonly format?: InputFormat;
  readonly json?: boolean;
  readonly progress?: string;
  readonly quiet?: boolean;
}

export const run: Run<readonly [string], Options> = (args, options, context) =>
  holdOutput(options.output, 'import', () => imported(args, options, context));

const imported: typeof run = async ([path], options, context) => {
  checkOutput(options.output, path);
  const input = await openInput(path, options.format);
  const progress = new Progress(context, options.quiet === true ? 'never' : options.progress, 'bytes', input.size);
  let metadata: TraceMetadata;
  try {
    metadata = await importInput(input, options.output, options, progress.update);
  } catch (error) {
    // If the compressed file was cut, that explains an error in its last line.
    for (const problem of input.problems) context.err.say(`p2mtrace: ${problem}\n`);
    throw error;
  } finally {
    progress.end();
  }
  if (options.quiet !== true || options.json === true) await report(input, options, context);
  return sayDamage(input, metadata, options, context);
};

/** Reports what the import found, from the finished trace: only there are all numbers known. */
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

/** Reports what could not be read of the input; returns the exit code. */
function sayDamage(input: Input, metadata: TraceMetadata, { output }: Options, { err }: Context): number {
  if (input.source?.left === true) {
    err.say('p2mtrace: interrupted: the trace has what had been read until then\n');
  }
  const damage = inputDamage(input, metadata);
  if (damage === undefined) return EXIT.fine;
  err.say(`p2mtrace: ${damage}\n`);
  err.say(`  ${output} has everything that could be read\n`);
  return EXIT.input;
}
