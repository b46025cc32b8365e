import {
  type BatchInfo,
  BatchMemory,
  FLAG,
  isValid,
  KIND,
  type ReadBatch,
  type TraceReader,
} from '@p2mtrace/trace-format';
import { siteAddress, siteOf } from '../batch/call-site.js';
import { LockTable } from '../tables/lock-table.js';

/** Who caused an event, as far as the trace tells. */
export interface Doer {
  readonly seq: number;
  readonly pcpu: number | null;
  /** The vcpu that ran on that pcpu. */
  readonly domid: number | null;
  readonly vcpu: number | null;
  /** Call site, its address and name: the event's own, or where the innermost lock held by its pcpu was taken. */
  readonly caller: string | null;
  readonly symbol: string | null;
  /** True if the event recorded no call site, so that it is the one at which the lock `under` was taken. */
  readonly by_lock: boolean;
  /** The innermost lock that the pcpu held before the event. */
  readonly under: { readonly seq: number; readonly lock: string; readonly class: string | null } | null;
}

/**
 * Who caused these events: one entry for each seq that the trace has. Follows the locks of all pcpus in one pass, from
 * the start of the trace to the last of these events.
 * @throws P2mError P2M_DAMAGED
 */
export function doersOf(reader: TraceReader, seqs: Iterable<number>): Map<number, Doer> {
  const wanted = Float64Array.from(new Set(seqs)).sort();
  const doers = new Map<number, Doer>();
  const scan = new LockScan(reader);
  let next = 0;
  for (const info of reader.batches) {
    scan.open(info);
    let row = 0;
    for (; next < wanted.length && wanted[next] < info.firstSeq + info.rows; next++) {
      const at = wanted[next] - info.firstSeq;
      if (at < 0) continue;
      scan.follow(row, at);
      doers.set(wanted[next], scan.doer(at));
      row = at;
    }
    if (next === wanted.length) break;
    scan.follow(row, info.rows);
  }
  return doers;
}

const K_ACQUIRE = KIND.lock_acquire;
const K_RELEASE = KIND.lock_release;
const K_LOST = KIND.lost;

const COLUMNS = [
  'kind',
  'pcpu',
  'cur_domid',
  'cur_vcpu',
  'lock',
  'lock_class',
  'mode',
  'flags',
  'caller',
  'symbol',
] as const;

/** The locks that each pcpu holds, from the lock events alone. */
class LockScan {
  private readonly reader: TraceReader;
  private readonly memory = new BatchMemory();
  private readonly locks = new LockTable();
  private batch!: ReadBatch<(typeof COLUMNS)[number]>;
  /** By call site, or by lock index: index of the symbol or class that an acquire named with it, -1 for none. */
  private readonly symbols: (number | undefined)[] = [];
  private readonly classes: (number | undefined)[] = [];

  constructor(reader: TraceReader) {
    this.reader = reader;
  }

  open(info: BatchInfo): void {
    this.batch = this.reader.read(info, COLUMNS, this.memory);
  }

  /** Follows the rows `from` to `to`, exclusive. */
  follow(from: number, to: number): void {
    const { columns: c, validity } = this.batch;
    for (let row = from; row < to; row++) {
      const kind = c.kind[row];
      if (kind !== K_ACQUIRE && kind !== K_RELEASE && kind !== K_LOST) continue;
      if (!isValid(validity.pcpu, row)) continue;
      if (kind === K_ACQUIRE) this.acquire(row);
      else if (kind === K_RELEASE) this.locks.release(c.pcpu[row], c.lock[row], c.mode[row]);
      else this.locks.forget(c.pcpu[row]);
    }
  }

  private acquire(row: number): void {
    const { columns: c, firstSeq } = this.batch;
    const lock = c.lock[row];
    const site = siteOf(this.batch, row);
    if (site >= 0) this.symbols[site] ??= this.index('symbol', row);
    this.classes[lock] ??= this.index('lock_class', row);
    this.locks.acquire(c.pcpu[row], lock, c.mode[row], 0, (c.flags[row] & FLAG.recursive) !== 0);
    this.locks.push(c.pcpu[row], lock, c.mode[row], 0, firstSeq + row, site, 0);
  }

  /** Who caused the event in a row, once all rows before it were followed. */
  doer(row: number): Doer {
    const { names } = this.reader;
    const pcpu = this.index('pcpu', row);
    const held = this.locks.heldBy(pcpu).at(-1);
    const own = siteOf(this.batch, row);
    const site = own >= 0 ? own : (held?.caller ?? -1);
    const symbol = own >= 0 ? this.index('symbol', row) : (this.symbols[site] ?? -1);
    return {
      seq: this.batch.firstSeq + row,
      pcpu: orNull(pcpu),
      domid: orNull(this.index('cur_domid', row)),
      vcpu: orNull(this.index('cur_vcpu', row)),
      caller: siteAddress(names, site) ?? null,
      symbol: names.symbol[symbol] ?? null,
      by_lock: own < 0 && site >= 0,
      under:
        held === undefined
          ? null
          : {
              seq: held.seq,
              lock: names.lock[held.lock] ?? String(held.lock),
              class: names.lock_class[this.classes[held.lock] ?? -1] ?? null,
            },
    };
  }

  /** The value of a row, -1 for none. */
  private index(column: 'pcpu' | 'cur_domid' | 'cur_vcpu' | 'symbol' | 'lock_class', row: number): number {
    return isValid(this.batch.validity[column], row) ? this.batch.columns[column][row] : -1;
  }
}

const orNull = (value: number): number | null => (value < 0 ? null : value);
