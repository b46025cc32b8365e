import {
  BatchMemory,
  getU64,
  isValid,
  type RowBatch,
  type TraceReader,
  type TraceRows,
  usageError,
} from '@p2mtrace/trace-format';

/** A point in a trace, as a user names it. */
export type Position =
  | { readonly at: 'start' | 'end' }
  /** After the event with this seq. */
  | { readonly at: 'seq'; readonly seq: number }
  /** After the last event whose TSC is not later. */
  | { readonly at: 'tsc'; readonly tsc: bigint }
  /** This long after the first TSC of the trace. */
  | { readonly at: 'time'; readonly nanoseconds: bigint }
  /** At a time of day, in nanoseconds since 1970 in UTC. */
  | { readonly at: 'date'; readonly nanoseconds: bigint };

const FORMS = 'write it as end, start, 120 or #120, 1.5s or +20ms, tsc:0x5f3e00, 2026-11-29T01:02:03Z';

/** Nanoseconds of a unit, as a power of ten. */
const UNIT_DIGITS: Readonly<Record<string, number>> = { s: 9, ms: 6, us: 3, ns: 0 };

/** Parses `1.5s`, `20ms`, `100us` or `7ns` as nanoseconds; undefined for anything else. */
export function parseDuration(text: string): bigint | undefined {
  const match = /^(\d+)(?:\.(\d+))?(s|ms|us|ns)$/.exec(text);
  if (match === null) return undefined;
  const digits = UNIT_DIGITS[match[3]];
  const fraction = (match[2] ?? '').slice(0, digits).padEnd(digits, '0');
  return BigInt(match[1] + fraction);
}

/**
 * Parses `2026-11-29T01:02:03.5Z` as nanoseconds since 1970; undefined for anything else. What is not in UTC says how far
 * off it is (`+01:00`).
 */
export function parseDate(text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/.exec(text);
  const milliseconds = match === null ? Number.NaN : Date.parse(`${match[1]}${match[3]}`.toUpperCase());
  if (match === null || Number.isNaN(milliseconds)) return undefined;
  return BigInt(milliseconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}

/**
 * Parses `end`, `start`, `N`, `#N`, `seq:N`, `1.5s`, `+20ms`, `time:7us`, `tsc:0x…` or a date in ISO 8601.
 * @throws P2mError P2M_POSITION (usage)
 */
export function parsePosition(text: string): Position {
  if (text === 'start' || text === 'end') return { at: text };
  const seq = /^(?:seq:|#)?(\d+)$/.exec(text);
  if (seq !== null && Number.isSafeInteger(Number(seq[1]))) return { at: 'seq', seq: Number(seq[1]) };
  const tsc = /^tsc:(0x[0-9a-fA-F]+|\d+)$/.exec(text);
  if (tsc !== null) return { at: 'tsc', tsc: BigInt(tsc[1]) };
  const nanoseconds = parseDuration(text.replace(/^(?:time:|\+)/, ''));
  if (nanoseconds !== undefined) return { at: 'time', nanoseconds };
  const date = parseDate(text);
  if (date !== undefined) return { at: 'date', nanoseconds: date };
  throw usageError('P2M_POSITION', `${text} is no position in a trace`, FORMS);
}

/**
 * The seq of the first event after a position: a replay up to it, exclusive, has applied all events before. `tscHz`
 * replaces a frequency that the trace does not know; `startTime` is when its first TSC was, in nanoseconds since 1970,
 * which no trace knows.
 * @throws P2mError P2M_POSITION, P2M_NO_CLOCK, P2M_NO_TSC (usage), P2M_DAMAGED
 */
export function resolvePosition(reader: TraceReader, position: Position, tscHz?: number, startTime?: bigint): number {
  const first = reader.batches[0]?.firstSeq ?? 0;
  switch (position.at) {
    case 'start':
      return first;
    case 'end':
      return first + reader.rows;
    case 'seq': {
      const { seq } = position;
      if (seq >= first && seq < first + reader.rows) return seq + 1;
      const has =
        reader.rows === 0 ? 'the trace has no events' : `the trace has #${first} to #${first + reader.rows - 1}`;
      throw usageError('P2M_POSITION', `there is no event ${seq}`, has);
    }
    case 'tsc':
      return firstAfterTsc(reader, position.tsc, first);
    case 'time':
      return firstAfterTsc(reader, firstTsc(reader) + ticksOf(reader, position.nanoseconds, tscHz), first);
    case 'date': {
      const since = position.nanoseconds - startOf(startTime);
      // Before the first event, whatever the frequency.
      return since < 0n ? first : resolvePosition(reader, { at: 'time', nanoseconds: since }, tscHz);
    }
  }
}

function startOf(startTime: bigint | undefined): bigint {
  if (startTime !== undefined) return startTime;
  const what = 'a trace does not tell the time of day, so there is no such position';
  throw usageError('P2M_NO_CLOCK', what, 'say when it begins, such as --start-time 2026-11-29T01:00:00Z, or use +20ms');
}

/** TSC ticks of a duration; `tscHz` as above. @throws P2mError P2M_NO_CLOCK (usage) */
export function ticksOf(reader: TraceReader, nanoseconds: bigint, tscHz?: number): bigint {
  const hz = tscHz ?? reader.metadata.tscHz;
  if (hz === undefined) {
    throw usageError(
      'P2M_NO_CLOCK',
      'the TSC frequency of the trace is unknown, so there are no seconds',
      'give it with --cpu-hz (such as --cpu-hz 2.5G), here or at the import',
    );
  }
  return (nanoseconds * BigInt(Math.round(hz))) / 1_000_000_000n;
}

/** The first TSC in the trace, from which its seconds count; undefined if no event has one. @throws P2mError P2M_DAMAGED */
export function firstTscOf(reader: TraceRows): bigint | undefined {
  for (const info of reader.batches) {
    if (info.firstTsc !== undefined) return info.firstTsc;
    for (const [, tsc] of tscs(reader, info)) return tsc;
  }
  return undefined;
}

/** The same. @throws P2mError P2M_NO_TSC (usage) if there is none */
export function firstTsc(reader: TraceReader): bigint {
  const first = firstTscOf(reader);
  if (first !== undefined) return first;
  throw usageError('P2M_NO_TSC', 'no event of the trace has a TSC', 'name the position by its seq, such as #120');
}

/** In traces of xentrace, TSCs rise within a batch; in others, the first one that is later counts. */
function firstAfterTsc(reader: TraceReader, limit: bigint, first: number): number {
  firstTsc(reader);
  const memory = new BatchMemory();
  for (const info of reader.batches) {
    if (info.lastTsc !== undefined && info.lastTsc <= limit) continue;
    for (const [row, tsc] of tscs(reader, info, memory)) if (tsc > limit) return info.firstSeq + row;
  }
  return first + reader.rows;
}

function* tscs(reader: TraceRows, info: RowBatch, memory?: BatchMemory): Generator<[number, bigint]> {
  const { columns, validity } = reader.read(info, ['tsc'], memory);
  for (let row = 0; row < info.rows; row++) {
    if (isValid(validity.tsc, row)) yield [row, getU64(columns.tsc, row)];
  }
}
