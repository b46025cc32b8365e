import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '@p2mtrace/analyzers';
import type { PieceOrigin } from '@p2mtrace/trace-format';
import { makeFolder, writeOutput } from '@p2mtrace/trace-format/output';
import { jsonText } from '../render/json.js';
import type { PieceFolder } from './piece-folder.js';

/** Folders of one finding, of one watch after the other. */
const MOST_FOLDERS = 16;

/** What was saved of a finding. */
export interface Saved {
  /** The trace with its witnesses, as far as they are kept; null if none is. */
  readonly trace: string | null;
  /** Its event #n is event #n − snapshots + fromSeq of the stream. */
  readonly origin: Pick<PieceOrigin, 'fromSeq' | 'toSeq' | 'snapshots'> | null;
  /** Witnesses that are older than what is kept. */
  readonly older: readonly number[];
}

/**
 * Saves a finding in a folder of its own, ID or ID-n, with the pieces that hold its witnesses as one trace. undefined if
 * there are enough of them already. @throws P2mError P2M_WRITE, P2M_OUTPUT (usage), P2M_DAMAGED
 */
export function saveFinding(folder: string, finding: Finding, pieces: PieceFolder): Saved | undefined {
  const own = folderOf(folder, finding.id);
  if (own === undefined) return undefined;
  const seqs = finding.occurrences.flatMap(({ witness }) => witness.map(({ seq }) => seq));
  const [first, last] = [Math.min(...seqs), Math.max(...seqs)];
  makeFolder(own);
  const path = join(own, 'trace.arrow');
  const origin = pieces.save(first, last, path);
  const saved: Saved = {
    trace: origin === undefined ? null : path,
    origin: origin === undefined ? null : { fromSeq: origin.fromSeq, toSeq: origin.toSeq, snapshots: origin.snapshots },
    older: origin === undefined ? seqs : seqs.filter(seq => seq < origin.fromSeq),
  };
  writeOutput(join(own, 'finding.json'), `${jsonText({ finding, saved }, 2)}\n`);
  return saved;
}

function folderOf(folder: string, id: string): string | undefined {
  for (let n = 1; n <= MOST_FOLDERS; n++) {
    const path = join(folder, n === 1 ? id : `${id}-${n}`);
    if (!existsSync(path)) return path;
  }
  return undefined;
}
