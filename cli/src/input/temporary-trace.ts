import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { scratchFolder } from '@p2mtrace/trace-format/output';
import type { Context } from '../command.js';
import { withOutput } from '../output/open-output.js';
import { Progress } from '../render/progress.js';
import { visible } from '../text/visible.js';
import { HEAD_BYTES, peek } from './detect.js';
import { type ImportSettings, importInput } from './import-input.js';
import { inputDamage } from './input-damage.js';
import { openInput } from './open-input.js';

/** A trace made from another input, which is gone after `remove`, and when the process ends. */
export interface TemporaryTrace {
  readonly path: string;
  /** What could not be read of the input, in words. */
  readonly damage: string | undefined;
  remove(): void;
}

/**
 * Imports a capture or NDJSON for the time being, or copies a trace that comes from a pipe.
 * @throws P2mError like `openInput` and `importInput`; P2M_WRITE (usage) without a place for it
 */
export async function temporaryTrace(
  path: string,
  settings: Omit<ImportSettings, 'pcpu'> & { readonly progress?: string | undefined },
  context: Context,
): Promise<TemporaryTrace> {
  const folder = scratchFolder();
  folder.create(tmpdir(), 'no temporary files can be made ($TMPDIR)');
  const remove = () => folder.remove();
  // Tables name a trace by its file.
  const trace = join(folder.path, path === '-' ? 'stdin' : basename(path));
  try {
    const input = await openInput(path, undefined);
    const progress = new Progress(context, settings.progress, 'bytes', input.size);
    const [head, stream] = input.stream === undefined ? [undefined, undefined] : await peek(input.stream);
    const copied = head !== undefined && isTrace(head);
    let damage: string | undefined;
    try {
      if (copied && stream !== undefined) {
        await withOutput(trace, context, async bytes => {
          for await (const piece of stream) await bytes.append(piece);
        });
        damage = input.problems[0];
      } else {
        damage = inputDamage(
          input,
          await importInput({ ...input, stream }, trace, { ...settings, pcpu: undefined }, progress.update),
        );
      }
    } catch (error) {
      for (const problem of input.problems) context.err.say(`p2mtrace: ${visible(problem)}\n`);
      throw error;
    } finally {
      progress.end();
    }
    const name = path === '-' ? 'stdin' : path;
    context.err.note(
      `p2mtrace: ${visible(name)} was ${copied ? 'copied' : 'imported'} to a temporary trace (p2mtrace import makes one that stays)\n`,
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
