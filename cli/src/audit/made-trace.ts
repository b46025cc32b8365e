import { statSync } from 'node:fs';
import { TraceReader } from '@p2mtrace/trace-format';
import { P2mError } from '@p2mtrace/trace-format/errors';
import { ForeignFile, putAside } from '@p2mtrace/trace-format/output';
import * as z from 'zod';
import { importInput } from '../input/import-input.js';
import { inputDamage } from '../input/input-damage.js';
import { openInput } from '../input/open-input.js';
import { readSealed, writeSealed } from '../output/sealed-file.js';
import type { AuditSettings, AuditTask } from './audit-task.js';
import { statText } from './state-folder.js';

/** What belongs to a trace made from a capture, in a file beside it. */
const aboutSchema = z.strictObject({ bytes: z.number(), notices: z.array(z.string()) });
const aboutPath = (trace: string): string => `${trace}.json`;

/** A file, and the trace that is made from it if it is none; `stat` is that of the file when its content was hashed. */
export type ToMake = Pick<AuditTask, 'path' | 'trace'> & Partial<Pick<AuditTask, 'stat'>>;

/**
 * What was read may be other content than the key stands for, if the file is still being written.
 * @throws P2mError P2M_READ
 */
export function checkUnchanged({ path, stat }: ToMake): void {
  if (stat === undefined || stat === statText(statSync(path, { bigint: true }))) return;
  throw new P2mError('P2M_READ', 'it was written to while it was read', { remedy: 'audit it once it is complete' });
}

/**
 * Makes a trace from a capture, or takes the one that an earlier audit made: then with the notices of its import. One
 * that is not whole is put aside and made again.
 * @param notices gets what the import has to tell, also if it fails
 * @throws P2mError like the importers
 */
export async function madeTrace(
  task: ToMake,
  settings: AuditSettings,
  notices: string[],
  tell: (text: string) => void,
): Promise<void> {
  const { path, trace } = task;
  const kept = keptNotices(trace, tell);
  if (kept !== undefined) {
    notices.push(...kept);
    return;
  }
  const input = await openInput(path, undefined);
  try {
    await new ForeignFile(trace, { follow: false }).write(async unfinished => {
      const damage = inputDamage(input, await importInput(input, unfinished, settings, () => undefined));
      if (damage !== undefined) notices.push(`${damage}; the trace has everything that could be read`);
      checkUnchanged(task);
      // First what belongs to it: once the trace has its name, nothing is missing.
      writeSealed(aboutPath(trace), { bytes: statSync(unfinished).size, notices });
    });
  } catch (error) {
    // If the compressed file was cut, that explains an error in its last line.
    notices.push(...input.problems);
    throw error;
  }
}

/** Forgets a trace that turned out to be damaged. */
export function discardTrace(trace: string, why: string, tell: (text: string) => void): void {
  const aside = putAside(trace);
  tell(`${trace} ${why}${aside === undefined ? '' : `, and was put aside as ${aside}`}; it is made again`);
}

/** The notices of a whole trace; undefined if it has to be made. */
function keptNotices(trace: string, tell: (text: string) => void): readonly string[] | undefined {
  const stat = statSync(trace, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const about = readSealed(aboutPath(trace), aboutSchema, () => undefined);
  const isWhole = about?.bytes === stat.size && isIntact(trace);
  if (isWhole) return about.notices;
  discardTrace(trace, 'is not as it was made', tell);
  return undefined;
}

function isIntact(trace: string): boolean {
  try {
    const reader = TraceReader.open(trace);
    reader.close();
    return reader.damage === undefined;
  } catch {
    return false;
  }
}
