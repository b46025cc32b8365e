import { basename } from 'node:path';
import { TraceReader } from '@p2mtrace/trace-format';
import { P2mError } from '@p2mtrace/trace-format/errors';
import { checkOutputs } from '@p2mtrace/trace-format/output';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { peek } from '../input/detect.js';
import { type ImportSettings, importInput } from '../input/import-input.js';
import { inputDamage } from '../input/input-damage.js';
import { Interruptible } from '../input/interruptible.js';
import type { Input } from '../input/open-input.js';
import { holdOutput } from '../output/hold-output.js';
import { askHost, requireXen } from '../record/ask-host.js';
import { DEFAULT_EVENTS, kindsOf, maskOf } from '../record/events.js';
import { startXentrace, type Xentrace } from '../record/xentrace.js';
import { counted } from '../render/cell.js';
import { healthLines } from '../render/health.js';
import { Progress } from '../render/progress.js';
import { sayStrict } from '../strict.js';
import { visible } from '../text/visible.js';

interface Options extends ImportSettings {
  readonly output: string;
  readonly events?: readonly string[];
  readonly seconds?: number;
  readonly buffer?: number;
  readonly xentrace?: string;
  readonly progress?: string;
  readonly quiet?: boolean;
}

/** Name of a recording in its trace and in errors. */
const SOURCE = 'xentrace';

export const run: Run<readonly [], Options> = (_, options, context) =>
  holdOutput(options.output, 'record', async () => {
    const { output, quiet, seconds, buffer, events = DEFAULT_EVENTS } = options;
    checkOutputs([output], options.symbols === undefined ? [] : [options.symbols]);
    if (options.xentrace === undefined) requireXen();
    const kinds = kindsOf(events);
    const settings = {
      ...withoutAbsent(await askHost()),
      ...withoutAbsent(options),
      onlyKind: kinds === undefined ? undefined : [kinds],
    };
    const xentrace = startXentrace({
      program: options.xentrace ?? 'xentrace',
      mask: maskOf(events),
      seconds,
      bufferMb: buffer,
    });
    const progress = new Progress(context, quiet === true ? 'never' : options.progress, 'bytes');
    try {
      const input = await inputOf(xentrace);
      await importInput(input, output, settings, progress.update);
      progress.end();
      const { metadata, rows } = finished(output);
      if (quiet !== true) {
        context.err.say(`${visible(`${basename(output)}: ${counted(rows, 'event')}`)}\n`);
        context.err.say(`${healthLines(metadata).map(visible).join('\n')}\n`);
      }
      // What came before it failed is a trace all the same.
      const failure = await xentrace.ended().catch((error: P2mError) => error);
      const damage = failure?.message ?? inputDamage(input, metadata);
      if (damage !== undefined) context.err.say(`p2mtrace: ${visible(damage)}\n  ${output} has what came until then\n`);
      return damage === undefined && sayStrict(context, output, metadata) ? EXIT.fine : EXIT.input;
    } finally {
      progress.end();
    }
  });

/** The records as they come. @throws P2mError P2M_XENTRACE (usage) if there are none as xentrace failed, P2M_EMPTY */
async function inputOf(xentrace: Xentrace): Promise<Input> {
  const source = new Interruptible(xentrace.stdout, SOURCE);
  const [head, stream] = await peek(source.pieces());
  if (head.length === 0) {
    await xentrace.ended();
    const remedy = 'is the hypervisor built with tracing (CONFIG_TRACEBUFFER), and did anything happen?';
    throw new P2mError('P2M_EMPTY', 'nothing was recorded', { place: { file: SOURCE }, remedy });
  }
  return { format: 'xentrace', name: SOURCE, size: undefined, stream, isCompressed: false, source, problems: [] };
}

function finished(output: string): Pick<TraceReader, 'metadata' | 'rows'> {
  const reader = TraceReader.open(output);
  reader.close();
  return reader;
}

/** Without members that are undefined, which would hide others of the same name. */
function withoutAbsent<T extends object>(all: T): Partial<T> {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Partial<T>;
}
