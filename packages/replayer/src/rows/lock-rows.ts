import { isValid, LOCK_MODES, MODE_READ, type TraceReader, type TraceRows } from '@p2mtrace/trace-format';
import { siteAddress } from '../batch/call-site.js';
import type { XenState } from '../state/xen-state.js';
import { UNKNOWN_DEPTH } from '../tables/lock-table.js';

/** An acquisition that was not released. */
export interface LockRow {
  readonly pcpu: number;
  readonly lock: string;
  readonly class: string | null;
  /** mm lock level with its bias; null for other locks. */
  readonly level: number | null;
  readonly mode: string;
  /** Recursion depth as recorded, or as the model counts it. */
  readonly depth: number | null;
  readonly since_seq: number;
  readonly caller: string | null;
  readonly symbol: string | null;
}

/**
 * Every held lock, or those of one pcpu, of which the innermost so many; by pcpu, outermost first.
 * @throws P2mError P2M_DAMAGED
 */
export function* lockRows(
  replayer: XenState,
  reader: TraceReader,
  only?: number,
  innermost = Number.POSITIVE_INFINITY,
): Generator<LockRow> {
  const { names } = reader;
  const all = Array.from({ length: replayer.locks.pcpus }, (_, pcpu) => pcpu);
  for (const pcpu of only === undefined ? all : [only]) {
    for (const held of replayer.locks.heldBy(pcpu).slice(-innermost)) {
      const taken = acquisition(reader, held.seq);
      // Readers are not counted.
      const modelled = held.mode === MODE_READ ? UNKNOWN_DEPTH : replayer.locks.depth[held.lock];
      yield {
        pcpu,
        lock: names.lock[held.lock] ?? String(held.lock),
        class: nameAt(names.lock_class, taken.lockClass),
        level: held.level > 0 ? held.level : null,
        mode: LOCK_MODES[held.mode],
        depth: taken.depth ?? (modelled > UNKNOWN_DEPTH ? modelled : null),
        since_seq: held.seq,
        caller: siteAddress(names, held.caller) ?? null,
        symbol: nameAt(names.symbol, taken.symbol),
      };
    }
  }
}

const nameAt = (names: readonly string[], index: number | undefined) =>
  index === undefined ? null : (names[index] ?? String(index));

/** What the event that took a lock recorded: indices of names, and the depth. */
export interface Acquisition {
  readonly lockClass?: number | undefined;
  readonly depth?: number | undefined;
  readonly symbol?: number | undefined;
}

/** Reads that event again: only it has these values, and few locks are held at a time. @throws P2mError P2M_DAMAGED */
export function acquisition(reader: TraceRows, seq: number): Acquisition {
  const info = reader.batches.find(batch => seq >= batch.firstSeq && seq < batch.firstSeq + batch.rows);
  if (info === undefined) return {};
  const { columns, validity } = reader.read(info, ['lock_class', 'depth', 'symbol']);
  const row = seq - info.firstSeq;
  return {
    lockClass: isValid(validity.lock_class, row) ? columns.lock_class[row] : undefined,
    depth: isValid(validity.depth, row) ? columns.depth[row] : undefined,
    symbol: isValid(validity.symbol, row) ? columns.symbol[row] : undefined,
  };
}
