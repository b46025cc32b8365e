import {
  EventReader,
  type Extent,
  firstTsc,
  p2mExtent,
  pageExtent,
  type Replay,
  type StateView,
  type TraceEvent,
} from '@p2mtrace/replayer';
import { isRecorded, layoutProfile, type TraceReader } from '@p2mtrace/trace-format';
import type { EventRow, Point, Space, TraceHead } from '@p2mtrace/ui';
import { isP2mError } from '../exit.js';
import { type KnownFrames, knownFrames } from './known-frames.js';
import { SameFile } from './same-file.js';

/** Most locks that a point lists: where releases are missing, there seem to be more. */
const HELD = 64;
/** Points at which is looked how far most frames of a space go: a domain may be gone at the end. */
const LOOKS = 8;
/** Milliseconds since 1970 that a date can have. */
const MOST_DATE = 8_640_000_000_000_000n;

export interface ModelOptions {
  /** As the user named it. */
  readonly name: string;
  /** As the column `trace` of tables has it. */
  readonly sqlName: string;
  readonly damage: string | undefined;
  readonly tscHz: number | undefined;
  readonly startTime: bigint | undefined;
  /** Whether a result of `p2mtrace whatif` was given. */
  readonly hasWhatIf: boolean;
}

/** One trace as the page sees it: a replay that stands somewhere, and its events. */
export class TraceModel {
  readonly replay: Replay;
  readonly events: EventReader;
  readonly tscHz: number | undefined;
  private readonly startTime: bigint | undefined;
  private readonly firstTsc: bigint | undefined;
  readonly head: TraceHead;
  readonly file: SameFile;

  /** Looks through the trace, and builds its index if there is none. @throws P2mError P2M_DAMAGED */
  static async of(replay: Replay, options: ModelOptions): Promise<TraceModel> {
    const file = new SameFile(replay.reader.path);
    return new TraceModel(replay, options, await knownFrames(replay.reader), file);
  }

  private constructor(
    replay: Replay,
    { name, sqlName, damage, tscHz, startTime, hasWhatIf }: ModelOptions,
    known: KnownFrames,
    file: SameFile,
  ) {
    this.replay = replay;
    this.file = file;
    this.events = new EventReader(replay.reader);
    this.tscHz = tscHz ?? replay.reader.metadata.tscHz;
    this.startTime = startTime;
    this.firstTsc = firstTscOf(replay.reader);
    this.head = {
      name,
      sqlName,
      start: replay.start,
      end: replay.end,
      tscHz: this.tscHz ?? null,
      startTime: startTime === undefined ? null : String(startTime),
      pcpus: known.pcpus,
      pageTypes: layoutProfile(replay.reader.metadata.layout).types.map(String),
      spaces: this.spaces(known),
      hasWaits: isRecorded(replay.reader.metadata, 'lock_wait'),
      hasWhatIf,
      damage: damage ?? null,
    };
  }

  get reader(): TraceReader {
    return this.replay.reader;
  }

  /** The state after an event; `seq` is brought into the trace. */
  at(seq: number): StateView {
    const { start, end } = this.replay;
    return this.replay.at(Math.min(Math.max(Math.round(seq), start), end));
  }

  /** Every map that there is anything to see of, at any point. */
  private spaces({ spaces: known }: KnownFrames): Space[] {
    const { start, end } = this.replay;
    const { view: views } = this.reader.names;
    const spaces = new Map<string, Space>();
    const entries = (domid: number, index: number) => {
      const view = views[index] ?? String(index);
      return { name: `${domid} ${view}`, domid, view };
    };
    const machine = { name: 'machine', domid: null, view: null };
    for (let i = LOOKS; i >= 1; i--) {
      const { replayer } = this.replay.at(Math.round(start + ((end - start) * i) / LOOKS));
      for (const table of replayer.p2ms) grow(spaces, entries(table.domid, table.view), p2mExtent(table));
      grow(spaces, machine, pageExtent(replayer));
    }
    for (const { domid, view, end: last } of known) {
      const space = domid === null ? machine : entries(domid, view);
      const isSeen = (spaces.get(space.name)?.end ?? 0) > 0;
      grow(spaces, space, { end: last, most: isSeen ? 1 : leastPower(last) });
    }
    const byDomain = (a: Space, b: Space) => (a.domid ?? 1e9) - (b.domid ?? 1e9) || Number(a.name > b.name) - 0.5;
    return [...spaces.values()].filter(space => space.end > 0).sort(byDomain);
  }

  point(seq: number): Point {
    const { pcpus } = this.head;
    const state = this.at(seq);
    const event = this.event(state.seq);
    const tsc = event === undefined ? undefined : tscOf(event);
    const nanoseconds = tsc === undefined ? undefined : this.nanosecondsAt(tsc);
    const held = [...state.lockRows()];
    return {
      seq: state.seq,
      event: event ?? null,
      seconds: nanoseconds === undefined ? null : Number(nanoseconds) / 1e9,
      utc: nanoseconds === undefined || this.startTime === undefined ? null : isoTime(this.startTime + nanoseconds),
      tsc: tsc === undefined ? null : String(tsc),
      running: Array.from({ length: pcpus }, (_, pcpu) => ({ pcpu, domid: null, vcpu: null, ...state.running(pcpu) })),
      held: held.slice(0, HELD),
      more: Math.max(0, held.length - HELD),
    };
  }

  /** Since the first TSC; undefined where the frequency is unknown. */
  private nanosecondsAt(tsc: bigint): bigint | undefined {
    if (this.tscHz === undefined || this.firstTsc === undefined) return undefined;
    return ((tsc - this.firstTsc) * 1_000_000_000n) / BigInt(Math.round(this.tscHz));
  }

  event(seq: number): EventRow | undefined {
    return this.events.at(seq) as (TraceEvent & EventRow) | undefined;
  }
}

/** An end of which only events tell stands for most frames, too. */
const leastPower = (end: number): number => 2 ** Math.ceil(Math.log2(end));

function grow(spaces: Map<string, Space>, { name, domid, view }: Pick<Space, 'name' | 'domid' | 'view'>, now: Extent) {
  const { end = 0, most = 1 } = spaces.get(name) ?? {};
  spaces.set(name, { name, domid, view, end: Math.max(end, now.end), most: Math.max(most, now.most) });
}

/** Undefined for a trace without TSCs, or without events. */
function firstTscOf(reader: TraceReader): bigint | undefined {
  try {
    return firstTsc(reader);
  } catch (error) {
    if (isP2mError(error) && error.code === 'P2M_NO_TSC') return undefined;
    throw error;
  }
}

function tscOf({ tsc }: EventRow): bigint | undefined {
  return typeof tsc === 'string' || typeof tsc === 'number' ? BigInt(tsc) : undefined;
}

/** Nanoseconds since 1970 in ISO 8601; null for what no calendar has. */
function isoTime(nanoseconds: bigint): string | null {
  if (nanoseconds < 0n || nanoseconds / 1_000_000n > MOST_DATE) return null;
  const rest = String(nanoseconds % 1_000_000_000n).padStart(9, '0');
  const seconds = new Date(Number(nanoseconds / 1_000_000_000n) * 1000).toISOString();
  return seconds.replace('.000Z', `.${rest}Z`);
}
