import { LOCK_MODES } from '@p2mtrace/trace-format';
import { column, type FactSpec } from './fact-columns.js';

/** What became of a cycle. */
export const CYCLE_VERDICTS = ['deadlock', 'refuted', 'undecided', 'unconfirmed'] as const;

/** Why a cycle is no deadlock: what keeps its pcpus apart, or why nobody knows. */
export const CYCLE_REASONS = [
  'lock',
  'entry',
  'page',
  'content',
  'flush',
  'domain',
  'vcpu',
  'grant',
  'loss',
  'budget',
  'unconfirmed',
  'release',
] as const;

/** How sure a deadlock is: proven where the trace records all that orders events. */
export const CYCLE_CONFIDENCES = ['likely', 'proven'] as const;

export const LOCK_CYCLES = {
  name: 'lock_cycles',
  doc: 'a pcpu in a cycle of acquisitions, each inside a lock that the one before wants: whether another order of the events ends there',
  columns: [
    column('cycle', 'u53', 'number of the cycle'),
    column(
      'verdict',
      'enum',
      'deadlock: another order of the events ends in it, which was replayed; refuted: none that keeps the order of critical sections; undecided: not all were looked at; unconfirmed: found, but its replay did not show it',
      CYCLE_VERDICTS,
    ),
    column(
      'confidence',
      'enum',
      'of a deadlock: likely where the trace does not record all that may order events',
      CYCLE_CONFIDENCES,
    ),
    column('reason', 'enum', 'what puts one side before the other, or why it is undecided', CYCLE_REASONS),
    column('reason_lock', 'id', 'index of the lock whose order does'),
    column('reason_class', 'id', 'index of its class'),
    column('pcpu', 'id', 'pcpu'),
    column('side', 'id', 'its place in the cycle; null for a pcpu that is not in it'),
    column('held', 'id', 'index of the lock that it holds and the side before it wants'),
    column('held_class', 'id', 'index of its class'),
    column('held_mode', 'enum', 'its mode', LOCK_MODES),
    column('held_seq', 'u53', 'its acquisition, null where it was held before'),
    column('held_caller', 'id', 'index of the call site that took it'),
    column('wanted', 'id', 'index of the lock that it wants and the next side holds'),
    column('wanted_class', 'id', 'index of its class'),
    column('wanted_mode', 'enum', 'its mode', LOCK_MODES),
    column('wanted_seq', 'u53', 'its acquisition as recorded, which the other order does not come to'),
    column('wanted_caller', 'id', 'index of the call site that took it'),
    column('from_seq', 'u53', 'of a deadlock: event up to which the other order is the recorded one, exclusive'),
    column('stop_seq', 'u53', 'of a deadlock: the last event of the pcpu in the other order, null for none'),
  ],
} as const satisfies FactSpec;
