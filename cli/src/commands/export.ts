import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { exportNdjson, type NdjsonExportOptions, usageError } from '@p2mtrace/trace-format';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { withTrace } from '../open-trace.js';
import { checkOutput } from '../output-path.js';

interface Options {
  readonly output?: string;
  readonly from?: number;
  readonly to?: number;
}

export const run: Run<readonly [string], Options> = async ([path], { output, from, to }, context) => {
  if (output !== undefined) checkOutput(output, path);
  if (from !== undefined && to !== undefined && from > to) {
    throw usageError('P2M_RANGE', `--from ${from} is behind --to ${to}`, 'both are part of what is exported');
  }
  return withTrace(path, context, async reader => {
    // The person names the last event, the library the one behind it.
    const options: NdjsonExportOptions = { from, to: to === undefined ? undefined : to + 1 };
    if (output === undefined) await exportNdjson(reader, text => context.out.write(text), options);
    else await toFile(output, write => exportNdjson(reader, write, options));
    return EXIT.fine;
  });
};

/** Writes a file that appears under its name only when it is whole. @throws P2mError P2M_OUTPUT (usage) */
async function toFile(path: string, fill: (write: (text: string) => void) => Promise<void>): Promise<void> {
  const partial = `${path}.partial`;
  const fd = told(path, () => openSync(partial, 'w'));
  try {
    await fill(text => {
      const bytes = Buffer.from(text);
      for (let done = 0; done < bytes.length; ) done += told(path, () => writeSync(fd, bytes, done));
    });
    closeSync(fd);
    told(path, () => renameSync(partial, path));
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

function told<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw usageError(
      'P2M_OUTPUT',
      `${path} can't be written: ${(error as Error).message}`,
      'make room, or name another file',
    );
  }
}
