import type { EventLine } from './event-line.js';
import type { Random } from './random.js';

/** Of a fault: where its events lie in the trace. */
export interface Place {
  firstSeq: number;
  lastSeq: number;
}

/** Where an event is in the trace, and when it happened. */
export type OnRecorded = (seq: number, happened: number) => void;

/** Recorded before they happen: a record that is late would hold them up, and nothing else. */
const EARLY: readonly unknown[] = ['lock_wait', 'lock_release', 'put_gfn', 'page_free'];
/** Ticks from one event to the next, least and most. */
const STEP = [100, 1100] as const;
/** Ticks by which a record may be late without being late. */
const PROMPT = 50;
/** Ticks that a pcpu stands still, at most. */
const STALL = 40_000;

interface Recorded {
  readonly event: EventLine;
  readonly pcpu: number;
  readonly happened: number;
  readonly tsc: number;
  readonly place: Place | undefined;
}

/**
 * Writes down what happens: each event gets a TSC, which is not before it happened and not after the pcpu's next one.
 * A pcpu that is held up between the two goes on when it has written the record. Events come out in the order of
 * TSCs, by each pcpu's own clock.
 */
export class Recorder {
  /** Events so far. */
  count = 0;
  private now: number;
  private seq = 0;
  private lastOwn: number | undefined;
  private readonly random: Random;
  private readonly late: number;
  private readonly skew: readonly number[];
  private readonly heldUp: number[] = [];
  private readonly onRecorded: OnRecorded | undefined;
  /** In order; TSCs as recorded. */
  private readonly waiting: Recorded[] = [];

  /** `late`: the part of records that are late; `skew`: by pcpu, ticks by which its clock is ahead. */
  constructor(random: Random, late: number, skew: readonly number[], onRecorded?: OnRecorded) {
    this.random = random;
    this.late = late;
    this.skew = skew;
    this.onRecorded = onRecorded;
    this.now = 1_000_000 + Math.max(0, ...skew.map(Math.abs));
  }

  isHeldUp(pcpu: number): boolean {
    return (this.heldUp[pcpu] ?? 0) > this.now;
  }

  /** Time goes by. */
  pass(): void {
    this.now += STEP[0];
  }

  /** An event of the workload. */
  *tell(event: EventLine): Generator<EventLine> {
    this.now += this.step();
    const pcpu = Number(event.pcpu);
    let delay = 0;
    if (this.late > 0 && !EARLY.includes(event.kind)) {
      delay = this.random.below(this.random.next() < this.late ? STALL : PROMPT);
      this.heldUp[pcpu] = this.now + delay;
    }
    yield* this.record(event, pcpu, delay, undefined);
  }

  /** An event of a fault, whose pcpus are never late. One that tells times goes on as far behind its event before. */
  *tellFault({ seq: _, tsc, ...event }: EventLine, place: Place): Generator<EventLine> {
    const own = tsc === undefined ? undefined : Number(tsc);
    const isLater = own !== undefined && this.lastOwn !== undefined && own > this.lastOwn;
    this.now += isLater ? own - this.lastOwn! : this.step();
    this.lastOwn = own;
    yield* this.record(event, Number(event.pcpu), 0, place);
  }

  /** What is left. */
  *end(): Generator<EventLine> {
    yield* this.take(Number.POSITIVE_INFINITY);
  }

  private step(): number {
    return STEP[0] + this.random.below(STEP[1] - STEP[0]);
  }

  private *record(event: EventLine, pcpu: number, delay: number, place: Place | undefined): Generator<EventLine> {
    this.count++;
    const tsc = this.now + delay + (this.skew[pcpu] ?? 0);
    let at = this.waiting.length;
    while (at > 0 && comesBefore(tsc, pcpu, this.waiting[at - 1])) at--;
    this.waiting.splice(at, 0, { event, pcpu, happened: this.now, tsc, place });
    yield* this.take(this.now + Math.min(0, ...this.skew));
  }

  private *take(until: number): Generator<EventLine> {
    const end = this.waiting.findIndex(({ tsc }) => tsc > until);
    for (const { event, tsc, happened, place } of this.waiting.splice(0, end < 0 ? this.waiting.length : end)) {
      const seq = this.seq++;
      if (place !== undefined) {
        if (place.firstSeq < 0) place.firstSeq = seq;
        place.lastSeq = seq;
      }
      this.onRecorded?.(seq, happened);
      yield { ...event, tsc };
    }
  }
}

/** As imports merge: by TSC, then by pcpu. */
const comesBefore = (tsc: number, pcpu: number, other: Recorded): boolean =>
  tsc < other.tsc || (tsc === other.tsc && pcpu < other.pcpu);
