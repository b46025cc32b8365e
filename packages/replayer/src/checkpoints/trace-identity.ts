import { createHash } from 'node:crypto';
import type { TraceReader } from '@p2mtrace/trace-format';
import { saveState } from '../memory/state-image.js';
import { Replayer } from '../replayer.js';

/** Must be raised if the same events give a different state, or the same state is saved differently. */
const STATE_VERSION = 9;

/**
 * Identifies everything that a state at some seq depends on: the checksums of all columns of the trace, its metadata
 * and views, and how this version replays. undefined if the trace has no checksums.
 */
export function traceIdentity({ batches, checksummed, metadata, names }: TraceReader): string | undefined {
  if (!checksummed) return undefined;
  const hash = createHash('sha256');
  const parts = [...saveState(new Replayer({ metadata, names })).keys()];
  hash.update(JSON.stringify([STATE_VERSION, parts, metadata, names.view]));
  for (const { rows, firstSeq, header } of batches) hash.update(JSON.stringify([rows, firstSeq, header.crcs]));
  return hash.digest('hex');
}
