import { firstTscOf } from '@p2mtrace/replayer';
import type { TraceReader } from '@p2mtrace/trace-format';

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
