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

/** Most locks that a point lists: where releases are missing, there seem to be more. */
const HELD = 64;
/** Points at which the spaces of a trace are looked for: a domain may be gone at the end. */
const LOOKS = 8;

export interface ModelOptions {
  /** As the user named it. */
  readonly name: string;
  /** As the column `trace` of tables has it. */
  readonly sqlName: string;
  readonly damage: string | undefined;
  readonly tscHz: number | undefined;
  readonly startTime: bigint | undefined;
}

/** One trace as the page sees it: a replay that stands somewhere, and its events. */
export class TraceModel {
  readonly replay: Replay;
  readonly name: string;
  private readonly sqlName: string;
  readonly events: EventReader;
  readonly tscHz: number | undefined;
  private readonly startTime: bigint | undefined;
  private readonly damage: string | undefined;
  private readonly firstTsc: bigint | undefined;
  private kept: TraceHead | undefined;

  constructor(replay: Replay, { name, sqlName, damage, tscHz, startTime }: ModelOptions) {
    this.replay = replay;
    this.name = name;
    this.sqlName = sqlName;
    this.damage = damage;
    this.events = new EventReader(replay.reader);
    this.tscHz = tscHz ?? replay.reader.metadata.tscHz;
    this.startTime = startTime;
    this.firstTsc = firstTscOf(replay.reader);
  }

  get reader(): TraceReader {
    return this.replay.reader;
  }

  /** The state after an event; `seq` is brought into the trace. */
  at(seq: number): StateView {
    const { start, end } = this.replay;
    return this.replay.at(Math.min(Math.max(Math.round(seq), start), end));
  }

  head(): TraceHead {
    if (this.kept !== undefined) return this.kept;
    const { start, end } = this.replay;
    const spaces = new Map<string, Space>();
    let pcpus = 0;
    for (let i = LOOKS; i >= 1; i--) {
      const { replayer } = this.replay.at(Math.round(start + ((end - start) * i) / LOOKS));
      pcpus = Math.max(pcpus, replayer.locks.pcpus, replayer.running.length);
      for (const table of replayer.p2ms) {
        const view = this.reader.names.view[table.view] ?? String(table.view);
        grow(spaces, { name: `${table.domid} ${view}`, domid: table.domid, view }, p2mExtent(table));
      }
      grow(spaces, { name: 'machine', domid: null, view: null }, pageExtent(replayer));
    }
    const byDomain = (a: Space, b: Space) => (a.domid ?? 1e9) - (b.domid ?? 1e9) || Number(a.name > b.name) - 0.5;
    this.kept = {
      name: this.name,
      sqlName: this.sqlName,
      start,
      end,
      tscHz: this.tscHz ?? null,
      startTime: this.startTime === undefined ? null : String(this.startTime),
      pcpus,
      pageTypes: layoutProfile(this.reader.metadata.layout).types.map(String),
      spaces: [...spaces.values()].filter(space => space.end > 0).sort(byDomain),
      hasWaits: isRecorded(this.reader.metadata, 'lock_wait'),
      damage: this.damage ?? null,
    };
    return this.kept;
  }

  point(seq: number): Point {
    // Moves the replay the first time.
    const { pcpus } = this.head();
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

/** Nanoseconds since 1970 in ISO 8601. */
function isoTime(nanoseconds: bigint): string {
  const rest = String(nanoseconds % 1_000_000_000n).padStart(9, '0');
  return new Date(Number(nanoseconds / 1_000_000_000n) * 1000).toISOString().replace('.000Z', `.${rest}Z`);
}
