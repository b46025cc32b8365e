import { usageError } from '@p2mtrace/trace-format';
import { type EventLine, type Guest, Machine, type Step, type Thread } from './machine.js';
import { OPERATIONS, SCENARIOS } from './operations.js';
import { Random } from './random.js';
import { type Template, tell, templatesOf } from './templates.js';

export interface WorkloadOptions {
  /** A name of `SCENARIOS`. */
  readonly scenario: string;
  /** The least number of events. */
  readonly events: number;
  readonly seed: number;
  /** Rules that should fire, once each. */
  readonly faults?: readonly string[];
  readonly guests?: number;
  readonly pcpus?: number;
}

/** A fault and its place. */
export interface Planted {
  readonly rule: string;
  /** Its story in `samples/corpus/rules`. */
  readonly story: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** TSC frequency in Hz. */
export const TSC_HZ = 2_500_000_000;
/** Distance between the frames of two faults: more than any story names, and a multiple of every alignment in one. */
const MFN_STRIDE = 1 << 20;
/** Frames of the workload begin at MFN_STRIDE and end far below this. */
const FIRST_FAULT_MFN = 2 * MFN_STRIDE;
const GFNS = 256;

/**
 * The events of a workload, in order: guests whose memory comes and goes while pcpus look it up, correct by
 * construction, with faults in between on their own pcpus and domains. `planted` is filled meanwhile.
 * @throws P2mError P2M_SCENARIO, P2M_FAULT (usage)
 */
export function* workload(options: WorkloadOptions, planted: Planted[]): Generator<EventLine> {
  const { scenario, seed, faults = [], guests = 3, pcpus = 4 } = options;
  const weights = SCENARIOS[scenario];
  if (weights === undefined) {
    throw usageError('P2M_SCENARIO', `there is no scenario ${scenario}`, `one of ${Object.keys(SCENARIOS).join(', ')}`);
  }
  const random = new Random(seed);
  const machine = new Machine(random);
  const clock = new Clock(random);
  for (let domid = 1; domid <= guests; domid++) {
    const guest: Guest = { domid, entries: new Map(), size: GFNS, cache: [] };
    machine.guests.push(guest);
    yield clock.stamp({ kind: 'domain_create', pcpu: 0, domid });
    for (let i = 0; i < GFNS / 2; i++)
      for (const event of OPERATIONS.populate(machine, 0, guest)) yield clock.stamp(event as EventLine);
  }
  const waiting = planFaults(faults, options, random, pcpus, guests);
  const threads: (Thread | undefined)[] = Array(pcpus).fill(undefined);
  const told: { thread: Thread; planted: { lastSeq: number } }[] = [];
  while (clock.seq < options.events || threads.some(Boolean) || told.length > 0 || waiting.length > 0) {
    const isOver = clock.seq >= options.events;
    const due = waiting[0] !== undefined && (isOver || clock.seq >= waiting[0].at);
    // A timed fault moves the clock, so nobody may hold anything then.
    const drains = due && waiting[0].template.isTimed;
    if (due && (!drains || !threads.some(Boolean))) {
      const { template, thread } = waiting.shift()!;
      const place = { rule: template.rule, story: template.name, firstSeq: clock.seq, lastSeq: clock.seq };
      planted.push(place);
      if (!template.isTimed) told.push({ thread, planted: place });
      else {
        for (const event of thread) yield clock.stamp(event as EventLine);
        place.lastSeq = clock.seq - 1;
      }
      continue;
    }
    const choice = random.below(threads.length + told.length);
    if (choice >= threads.length) {
      const index = choice - threads.length;
      const { thread, planted: place } = told[index];
      const { done, value } = thread.next();
      if (done === true) told.splice(index, 1);
      else {
        place.lastSeq = clock.seq;
        yield clock.stamp(value as EventLine);
      }
      continue;
    }
    if (threads[choice] === undefined && (isOver || drains)) continue;
    threads[choice] ??= OPERATIONS[random.weighted(weights)](machine, choice, random.pick(machine.guests));
    const { done, value } = (threads[choice] as Thread).next() as IteratorResult<Step, void>;
    if (done === true) threads[choice] = undefined;
    else if (value !== 'wait') yield clock.stamp(value as EventLine);
  }
}

interface Waiting {
  readonly at: number;
  readonly template: Template;
  readonly thread: Thread;
}

/** Faults in the order in which they begin, each with its own numbers. */
function planFaults(
  faults: readonly string[],
  { events }: WorkloadOptions,
  random: Random,
  pcpus: number,
  guests: number,
): Waiting[] {
  let pcpu = pcpus;
  let domid = guests + 1;
  return faults
    .map((rule, i): Waiting => {
      const template = random.pick(templatesOf(rule));
      const places = { pcpu, domid, mfn: FIRST_FAULT_MFN + i * MFN_STRIDE, lock: (i + 1) * 0x100_0000 };
      pcpu += template.pcpus;
      domid += 8;
      return { at: Math.floor(random.next() * events * 0.9), template, thread: tell(template, places) };
    })
    .sort((a, b) => a.at - b.at);
}

/** Gives events their seq and time. */
class Clock {
  seq = 0;
  private tsc = 1_000_000;
  private last: number | undefined;
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  stamp({ seq: _, tsc, ...event }: EventLine): EventLine {
    this.seq++;
    // A timed story keeps the distances between its events.
    const own = tsc === undefined ? undefined : Number(tsc);
    const step =
      own !== undefined && this.last !== undefined && own > this.last ? own - this.last : 100 + this.random.below(1000);
    this.last = own;
    this.tsc += step;
    return { ...event, tsc: this.tsc };
  }
}
