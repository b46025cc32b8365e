import { type Replay, replay } from '@p2mtrace/replayer';
import type { TraceReader } from '@p2mtrace/trace-format';
import type { Context } from './command.js';
import { Progress } from './render/progress.js';
import { visible } from './text/visible.js';

/** Values of `REPLAY_OPTIONS`. */
export interface ReplayOptions {
  readonly cpuHz?: number | undefined;
  readonly startTime?: bigint | undefined;
  readonly checkpointEvery?: number;
  readonly index: boolean;
  readonly progress?: string | undefined;
}

/** Opens a replay of the trace for the duration of `work`; with its checkpoints in memory for who jumps often. */
export async function withReplay<T>(
  reader: TraceReader,
  { cpuHz, startTime, checkpointEvery, index, progress: when }: ReplayOptions,
  context: Context,
  work: (trace: Replay) => Promise<T>,
  inMemory = false,
): Promise<T> {
  const progress = new Progress(context, when, 'events replayed');
  const onNotice = (text: string) => {
    progress.end();
    context.err.say(`p2mtrace: ${visible(text)}\n`);
  };
  const onProgress = progress.update;
  const trace = replay(reader, { tscHz: cpuHz, startTime, checkpointEvery, index, inMemory, onProgress, onNotice });
  try {
    return await work(trace);
  } finally {
    progress.end();
    trace.close();
  }
}
