import { type BatchInfo, BatchMemory, getU64, isValid, type TraceReader, usageError } from '@p2mtrace/trace-format';

/** A point in a trace, as a user names it. */
export type Position =
  | { readonly at: 'start' | 'end' }
  /** After the event with this seq. */
  | { readonly at: 'seq'; readonly seq: number }
  /** After the last event whose TSC is not later. */
  | { readonly at: 'tsc'; readonly tsc: bigint }
  /** This long after the first TSC of the trace. */
  | { readonly at: 'time'; readonly nanoseconds: bigint };

const FORMS = 'write it as end, start, seq:120 or #120, tsc:0x5f3e00, time:1.5s or +20ms';

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

/** Parses `end`, `start`, `seq:N`, `#N`, `tsc:0x…`, `time:1.5s` or `+20ms`. @throws P2mError P2M_POSITION (usage) */
export function parsePosition(text: string): Position {
  if (text === 'start' || text === 'end') return { at: text };
  const seq = /^(?:seq:|#)(\d+)$/.exec(text);
  if (seq !== null && Number.isSafeInteger(Number(seq[1]))) return { at: 'seq', seq: Number(seq[1]) };
  const tsc = /^tsc:(0x[0-9a-fA-F]+|\d+)$/.exec(text);
  if (tsc !== null) return { at: 'tsc', tsc: BigInt(tsc[1]) };
  const time = /^(?:time:|\+)(.*)$/.exec(text);
  const nanoseconds = time === null ? undefined : parseDuration(time[1]);
  if (nanoseconds !== undefined) return { at: 'time', nanoseconds };
  throw usageError('P2M_POSITION', `${text} is no position in a trace`, FORMS);
}

/**
 * The seq of the first event after a position: a replay up to it, exclusive, has applied all events before. `tscHz`
 * replaces a frequency that the trace does not know.
 * @throws P2mError P2M_POSITION, P2M_NO_CLOCK, P2M_NO_TSC (usage), P2M_DAMAGED
 */
export function resolvePosition(reader: TraceReader, position: Position, tscHz?: number): number {
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
  }
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

/** The first TSC in the trace. @throws P2mError P2M_NO_TSC (usage) */
export function firstTsc(reader: TraceReader): bigint {
  for (const info of reader.batches) {
    if (info.firstTsc !== undefined) return info.firstTsc;
    for (const [, tsc] of tscs(reader, info)) return tsc;
  }
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

function* tscs(reader: TraceReader, info: BatchInfo, memory?: BatchMemory): Generator<[number, bigint]> {
  const { columns, validity } = reader.read(info, ['tsc'], memory);
  for (let row = 0; row < info.rows; row++) {
    if (isValid(validity.tsc, row)) yield [row, getU64(columns.tsc, row)];
  }
}
