import { repairTrace, TraceReader } from '@p2mtrace/trace-format';
import { checkOutputs } from '@p2mtrace/trace-format/output';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { withTraceFile } from '../output/made-file.js';
import { counted } from '../render/cell.js';
import { Progress } from '../render/progress.js';
import { visible } from '../text/visible.js';

interface Options {
  readonly output: string;
  readonly progress?: string;
}

export const run: Run<readonly [string], Options> = async ([path], { output, progress }, context) => {
  checkOutputs([output], [path]);
  const reader = TraceReader.open(path);
  const shown = new Progress(context, progress, 'events', reader.rows);
  try {
    const { events, gone, damage } = await withTraceFile(output, context, file =>
      repairTrace(reader, file, shown.update),
    );
    shown.end();
    const { err } = context;
    if (damage === undefined) {
      err.say(`${visible(path)} is whole; ${visible(output)} has the same ${counted(events, 'event')}\n`);
      return EXIT.fine;
    }
    const byte = `byte 0x${damage.byte.toString(16)}`;
    err.say(`${visible(output)}: the ${counted(events, 'event')} before the damage, as a whole trace\n`);
    const lost = gone === undefined ? 'how many events followed is not known' : `${counted(gone, 'event')} are gone`;
    err.say(`p2mtrace: ${damage.code}: ${visible(path)}, ${byte}: ${visible(damage.what)}; ${lost}\n`);
    return EXIT.input;
  } finally {
    shown.end();
    reader.close();
  }
};
