import { usageError } from '@p2mtrace/trace-format';
import type { EventLine, Step, Thread } from './event-line.js';
import { populate } from './guest-memory.js';
import { Machine, newGuest } from './machine.js';
import { OPERATIONS, SCENARIOS } from './operations.js';
import { type PlannedFault, planFaults } from './plan-faults.js';
import type { Planted } from './planted.js';
import { Random } from './random.js';
import { type OnRecorded, Recorder } from './recorder.js';

export interface WorkloadOptions {
  /** A name of `SCENARIOS`. */
  readonly scenario: string;
  /** The least number of events. */
  readonly events: number;
  readonly seed: number;
  /** Rules that are to fire, once each. */
  readonly faults?: readonly string[];
  readonly guests?: number;
  readonly pcpus?: number;
  /** The part of records that are written late, from 0 to 1. */
  readonly late?: number;
  /** Ticks that clocks of the workload's pcpus are apart at most. */
  readonly skew?: number;
}

/** Hz of the TSC. */
export const TSC_HZ = 2_500_000_000;
/** Part of records that are late, if nothing else is asked for. */
const LATE = 0.05;
/** How often a pcpu works for the first guest, whoever's turn it is: pcpus should meet. */
const FIRST_GUEST = 0.4;
const PCPUS = 4;
const GFNS = 256;

/**
 * The events of a workload, in the order in which they are recorded: guests whose memory comes and goes while pcpus look
 * it up, right by construction, with faults told in between by pcpus and domains of their own. `planted` is filled
 * meanwhile, and `onRecorded` told of each event. @throws P2mError P2M_SCENARIO, P2M_FAULT (usage)
 */
export function* workload(options: WorkloadOptions, planted: Planted[], onRecorded?: OnRecorded): Generator<EventLine> {
  const { scenario, seed, faults = [], guests = 3, pcpus = PCPUS, late = LATE, skew = 0 } = options;
  const weights = SCENARIOS[scenario];
  if (weights === undefined) {
    throw usageError('P2M_SCENARIO', `there is no scenario ${scenario}`, `one of ${Object.keys(SCENARIOS).join(', ')}`);
  }
  const random = new Random(seed);
  const machine = new Machine(random);
  const recorder = new Recorder(random, late, clocks(random, pcpus, skew), onRecorded);
  for (let domid = 1; domid <= guests; domid++) {
    const guest = newGuest(domid, GFNS, machine.recordsAttempts);
    machine.guests.push(guest);
    yield* recorder.tell({ kind: 'domain_create', pcpu: 0, domid });
    for (let i = 0; i < GFNS / 2; i++)
      for (const event of populate(machine, 0, guest)) {
        while (recorder.isHeldUp(0)) recorder.pass();
        yield* recorder.tell(event as EventLine);
      }
  }
  const waiting = planFaults(faults, options.events, random, { pcpu: pcpus, domid: guests + 1 });
  const threads: (Thread | undefined)[] = Array(pcpus).fill(undefined);
  const told: PlannedFault[] = [];
  while (recorder.count < options.events || threads.some(Boolean) || told.length > 0 || waiting.length > 0) {
    const isOver = recorder.count >= options.events;
    const due = waiting[0] !== undefined && (isOver || recorder.count >= waiting[0].at);
    // A timed fault lets the clock run: nobody may hold anything then.
    const drains = due && waiting[0].template.isTimed;
    if (due && (!drains || !threads.some(Boolean))) {
      const fault = waiting.shift()!;
      planted.push(fault.place);
      if (!fault.template.isTimed) told.push(fault);
      else for (const event of fault.thread) yield* recorder.tellFault(event as EventLine, fault.place);
      continue;
    }
    const choice = random.below(threads.length + told.length);
    if (choice >= threads.length) {
      const index = choice - threads.length;
      const { thread, place } = told[index];
      const { done, value } = thread.next();
      if (done === true) told.splice(index, 1);
      else yield* recorder.tellFault(value as EventLine, place);
      continue;
    }
    if (recorder.isHeldUp(choice)) {
      recorder.pass();
      continue;
    }
    if (threads[choice] === undefined && (isOver || drains)) continue;
    const guest = random.next() < FIRST_GUEST ? machine.guests[0] : random.pick(machine.guests);
    threads[choice] ??= OPERATIONS[random.weighted(weights)](machine, choice, guest);
    const { done, value } = (threads[choice] as Thread).next() as IteratorResult<Step, void>;
    if (done === true) threads[choice] = undefined;
    else if (value === 'wait') recorder.pass();
    else yield* recorder.tell(value as EventLine);
  }
  yield* recorder.end();
}

/** How far each pcpu's clock is ahead; that of the first is right. */
function clocks(random: Random, pcpus: number, skew: number): number[] {
  return Array.from({ length: pcpus }, (_, pcpu) => (pcpu === 0 || skew === 0 ? 0 : random.below(2 * skew + 1) - skew));
}
