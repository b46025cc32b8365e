import { isValid, type TraceRows } from '@p2mtrace/trace-format';
import type { XenState } from '../state/xen-state.js';
import type { PieceScope } from './piece-scope.js';
import { snapshotLocks, snapshotTranslations, snapshotVcpus } from './snapshot-contexts.js';
import { snapshotGrants, snapshotLinux, snapshotPaging, snapshotPod, snapshotTlb } from './snapshot-mechanisms.js';
import { snapshotM2p, snapshotP2ms, snapshotPages, snapshotSharing } from './snapshot-memory.js';
import { type RowTarget, SnapshotWriter } from './snapshot-writer.js';

/**
 * Writes all that is known at a point as snapshot events (docs/format.md): a replay of them knows the same, except
 * since when. `state` is the state before the event `state.seq`; the snapshots carry the TSC of the event before that,
 * marked as inherited.
 * @throws P2mError P2M_DAMAGED
 */
export function writeSnapshots(reader: TraceRows, state: XenState, piece: RowTarget, scope: PieceScope): void {
  const out = new SnapshotWriter(piece, tscBefore(reader, state.seq));
  snapshotP2ms(state, scope, out);
  snapshotM2p(state, scope, out);
  snapshotPages(state, scope, out);
  snapshotSharing(state, out);
  snapshotPod(state, scope, out);
  snapshotPaging(state, scope, out);
  snapshotGrants(state, scope, out);
  snapshotLinux(state, scope, out);
  snapshotTlb(state, scope, out);
  snapshotVcpus(state, scope, out);
  snapshotTranslations(state, scope, out);
  snapshotLocks(state, reader, scope, out);
}

/**
 * The last TSC before an event, low and high word: with it, a loss of records in progress begins before all snapshots,
 * and one that begins with the event itself does not.
 */
function tscBefore(reader: TraceRows, seq: number): Uint32Array | undefined {
  for (const info of reader.batches.toReversed()) {
    if (info.firstSeq >= seq) continue;
    const { columns, validity } = reader.read(info, ['tsc']);
    for (let row = Math.min(info.rows, seq - info.firstSeq) - 1; row >= 0; row--) {
      if (isValid(validity.tsc, row)) return columns.tsc.slice(2 * row, 2 * row + 2);
    }
  }
  return undefined;
}
