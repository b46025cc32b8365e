import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { P2mError, usageError } from '@p2mtrace/trace-format/errors';
import { ForeignFile, outputKind, scratchFolder } from '@p2mtrace/trace-format/output';
import type { Context } from '../command.js';
import { isP2mError } from '../exit.js';
import { withOutput } from './open-output.js';

/** An output that is made as a file by somebody who needs a path, as it is not written front to back. */
export interface MadeFile {
  /** Where it will be made. */
  readonly path: string;
  /** @throws P2mError P2M_OUTPUT, P2M_WRITE (usage), and what `make` throws */
  write<T>(make: (path: string) => Promise<T>): Promise<T>;
}

/** The output of DuckDB, which does not itself take care that only a complete file gets its name. */
export function madeFile(output: string, context: Context): MadeFile {
  const file = outputKind(output).kind === 'file' ? new ForeignFile(output) : spooledFile(output, context);
  return {
    path: file.path,
    async write(make) {
      try {
        return await file.write(make);
      } catch (error) {
        throw aboutFile(output, error);
      }
    },
  };
}

/** What DuckDB says of its file is not about a query. */
function aboutFile(output: string, error: unknown): unknown {
  if (!isP2mError(error) || error.code !== 'P2M_SQL' || !FILE_TROUBLE.test(error.message)) return error;
  const why = error.message.split('\n')[0].split(': ').at(-1);
  return new P2mError('P2M_WRITE', `it can't be written: ${why}`, {
    blame: 'usage',
    place: { file: output },
    remedy: 'make room on the disk, or name a file on another one',
    cause: error,
  });
}

const FILE_TROUBLE = /^IO Error|^FATAL Error|Could not (?:write|read|open|sync)|Cannot open file/;

/** Has a trace written at `output`, or, if that is a stream, as a temporary file that is then copied to it. */
export async function withTraceFile<T>(
  output: string,
  context: Context,
  make: (path: string) => Promise<T>,
): Promise<T> {
  return outputKind(output).kind === 'file' ? make(output) : spooledFile(output, context).write(make);
}

function spooledFile(output: string, context: Context): MadeFile {
  if (outputKind(output).kind === 'stdout' && context.out.isTty) {
    throw usageError('P2M_FORMAT', 'a terminal does not show this form', 'name a file, or a pipe');
  }
  const folder = scratchFolder();
  const path = join(folder.path, 'output');
  return {
    path,
    async write(make) {
      folder.create(tmpdir(), 'no temporary files can be made ($TMPDIR)');
      try {
        const result = await make(path);
        await withOutput(output, context, async bytes => {
          for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) await bytes.append(piece);
        });
        return result;
      } finally {
        folder.remove();
      }
    },
  };
}
