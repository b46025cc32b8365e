import { firstTscOf } from '@p2mtrace/replayer';
import { BatchMemory, getU64, isValid, type TraceReader } from '@p2mtrace/trace-format';

/** Makes seconds of TSCs. */
export interface Clock {
  /** The first TSC of the trace, at 0 s. */
  readonly first: bigint;
  /** Ticks in a second. */
  readonly hz: number;
}

/** undefined if the frequency is unknown, or the trace has no TSC. `cpuHz` replaces the trace's own. */
export function clockOf(reader: TraceReader, cpuHz?: number): Clock | undefined {
  const hz = cpuHz ?? reader.metadata.tscHz;
  if (hz === undefined) return undefined;
  const first = firstTscOf(reader);
  return first === undefined ? undefined : { first, hz };
}

/** Seconds from the first TSC of the trace to this one; null where there is none. `tsc`: a number, or digits. */
export function secondsAt(clock: Clock | undefined, tsc: unknown): number | null {
  if (clock === undefined || (typeof tsc !== 'number' && typeof tsc !== 'string' && typeof tsc !== 'bigint'))
    return null;
  return Number(BigInt(tsc) - clock.first) / clock.hz;
}

/** `1.093442`: to the microsecond. */
export const secondsText = (seconds: number): string => seconds.toFixed(6);

/** The seconds of these events, by seq; those without a TSC, or that the trace does not have, are absent. */
export function secondsOfSeqs(
  reader: TraceReader,
  clock: Clock | undefined,
  seqs: Iterable<number>,
): ReadonlyMap<number, number> {
  const seconds = new Map<number, number>();
  if (clock === undefined) return seconds;
  const wanted = [...new Set(seqs)].sort((a, b) => a - b);
  const memory = new BatchMemory();
  let next = 0;
  for (const info of reader.batches) {
    const end = info.firstSeq + info.rows;
    while (next < wanted.length && wanted[next] < info.firstSeq) next++;
    if (next === wanted.length) break;
    if (wanted[next] >= end) continue;
    const { columns, validity } = reader.read(info, ['tsc'], memory);
    for (; next < wanted.length && wanted[next] < end; next++) {
      const row = wanted[next] - info.firstSeq;
      if (isValid(validity.tsc, row))
        seconds.set(wanted[next], Number(getU64(columns.tsc, row) - clock.first) / clock.hz);
    }
  }
  return seconds;
}

/** `#897401 (75.168194 s)`. */
export function seqText(seq: number, seconds: ReadonlyMap<number, number>): string {
  const at = seconds.get(seq);
  return at === undefined ? `#${seq}` : `#${seq} (${secondsText(at)} s)`;
}
