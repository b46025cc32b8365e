import { createWriteStream } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Context } from '../command.js';
import { Progress } from '../render/progress.js';
import { HEAD_BYTES, peek } from './detect.js';
import { type ImportSettings, importInput } from './import-input.js';
import { inputDamage } from './input-damage.js';
import { openInput } from './open-input.js';
import { temporaryFolder } from './temporary-folder.js';

/** A trace made from another input, which is gone after `remove`, and when the process ends. */
export interface TemporaryTrace {
  readonly path: string;
  /** What could not be read of the input, in words. */
  readonly damage: string | undefined;
  remove(): void;
}

/**
 * Imports a capture or NDJSON for the time being, or copies a trace that comes from a pipe.
 * @throws P2mError like `openInput` and `importInput`; P2M_OUTPUT (usage) without a place for it
 */
export async function temporaryTrace(
  path: string,
  settings: ImportSettings & { readonly progress?: string | undefined },
  context: Context,
): Promise<TemporaryTrace> {
  const { folder, remove } = temporaryFolder();
  // Tables name a trace by its file.
  const trace = join(folder, path === '-' ? 'stdin' : basename(path));
  try {
    const input = await openInput(path, undefined);
    const progress = new Progress(context, settings.progress, 'bytes', input.size);
    const [head, stream] = input.stream === undefined ? [undefined, undefined] : await peek(input.stream);
    const copied = head !== undefined && isTrace(head);
    let damage: string | undefined;
    try {
      if (copied && stream !== undefined) {
        await pipeline(stream, createWriteStream(trace));
        damage = input.problems[0];
      } else {
        damage = inputDamage(input, await importInput({ ...input, stream }, trace, settings, progress.update));
      }
    } catch (error) {
      for (const problem of input.problems) context.err.say(`p2mtrace: ${problem}\n`);
      throw error;
    } finally {
      progress.end();
    }
    const name = path === '-' ? 'stdin' : path;
    context.err.note(
      `p2mtrace: ${name} was ${copied ? 'copied' : 'imported'} to a temporary trace (p2mtrace import makes one that stays)\n`,
    );
    context.err.detail(`temporary trace: ${trace}\n`);
    return { path: trace, damage, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** True for the first bytes of a trace, in either form of Arrow. */
function isTrace(head: Uint8Array): boolean {
  const text = Buffer.from(head.subarray(0, HEAD_BYTES)).toString('latin1');
  return text.startsWith('ARROW1') || text.startsWith('\xff\xff\xff\xff');
}
