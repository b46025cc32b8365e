import { basename } from 'node:path';
import type { TraceMetadata, TraceReader } from '@p2mtrace/trace-format';
import { checkOutputs } from '@p2mtrace/trace-format/output';
import type { Context, Run } from '../command.js';
import { EXIT } from '../exit.js';
import type { InputFormat } from '../input/detect.js';
import { type ImportSettings, importInput } from '../input/import-input.js';
import { inputDamage } from '../input/input-damage.js';
import { type Input, openInput } from '../input/open-input.js';
import { besideOutput } from '../output/beside-output.js';
import { holdOutput } from '../output/hold-output.js';
import { withTraceFile } from '../output/made-file.js';
import { count, counted } from '../render/cell.js';
import { healthLines } from '../render/health.js';
import { jsonDocument } from '../render/json.js';
import { Progress } from '../render/progress.js';
import { sayStrict } from '../strict.js';
import { visible } from '../text/visible.js';

interface Options extends ImportSettings {
  readonly output: string;
  readonly format?: InputFormat;
  readonly maxBytes?: number;
  readonly json?: boolean;
  readonly progress?: string;
  readonly quiet?: boolean;
}

export const run: Run<readonly [string], Options> = (args, options, context) =>
  holdOutput(options.output, 'import', () => imported(args, options, context));

const imported: typeof run = async ([path], options, context) => {
  checkOutputs([options.output], [path, ...(options.symbols === undefined ? [] : [options.symbols])]);
  const input = await openInput(path, options.format, options.maxBytes);
  const progress = new Progress(context, options.quiet === true ? 'never' : options.progress, 'bytes', input.size);
  const made = await withTraceFile(options.output, context, async file => {
    try {
      const metadata = await importInput(input, file, options, progress.update);
      const isReported = options.quiet !== true || options.json === true || context.isStrict === true;
      return { metadata, trace: isReported ? await finished(file) : undefined };
    } catch (error) {
      // If the compressed file was cut, that explains an error in its last line.
      for (const problem of input.problems) context.err.say(`p2mtrace: ${visible(problem)}\n`);
      throw error;
    } finally {
      progress.end();
    }
  });
  if (made.trace !== undefined) await report(input, made.trace, options, context);
  const code = sayDamage(input, made.metadata, options, context);
  return made.trace === undefined || sayStrict(context, options.output, made.trace.metadata) ? code : EXIT.input;
};

/** What the finished trace has: only there are all numbers known. */
async function finished(file: string): Promise<Pick<TraceReader, 'metadata' | 'rows'>> {
  const { TraceReader } = await import('@p2mtrace/trace-format');
  const reader = TraceReader.open(file);
  reader.close();
  return reader;
}

/** Reports what the import found. */
async function report(
  input: Input,
  { metadata, rows }: Pick<TraceReader, 'metadata' | 'rows'>,
  { output, quiet, json }: Options,
  context: Context,
): Promise<void> {
  const { err } = context;
  if (quiet !== true) {
    const { health } = metadata;
    const read = health === undefined ? '' : `${count(health.bytes)} bytes, ${counted(health.records, 'record')}, `;
    err.say(`${visible(`${basename(input.name)} → ${output}`)}: ${read}${counted(rows, 'event')}\n`);
    err.say(`${healthLines(metadata).map(visible).join('\n')}\n`);
  }
  if (json === true) await besideOutput(output, context).write(jsonDocument(metadata, 2));
}

/** Reports what could not be read of the input; returns the exit code. */
function sayDamage(input: Input, metadata: TraceMetadata, { output }: Options, { err }: Context): number {
  if (input.source?.left === true) {
    err.say('p2mtrace: interrupted: the trace has what had been read until then\n');
  }
  const damage = inputDamage(input, metadata);
  if (damage === undefined) return EXIT.fine;
  err.say(`p2mtrace: ${visible(damage)}\n`);
  err.say(`  ${output} has everything that could be read\n`);
  return EXIT.input;
}
