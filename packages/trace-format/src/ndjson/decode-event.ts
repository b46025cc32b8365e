import type { EventBatch } from '../kernel/event-batch.js';
import { PRESENT } from '../schema/columns.js';
import { KIND, KINDS, type KindName } from '../schema/kinds.js';
import { MM_LOCKS, mmLockOfLevel } from '../schema/xen-enums.js';
import { suggestion } from '../suggestion.js';
import type { TraceNames } from '../write/trace-names.js';
import { decodeValue } from './decode-value.js';
import { EVENT_FIELDS, type EventFields } from './event-fields.js';
import { refusal, shown } from './refusal.js';

const { tsc: TSC, tsc_own: TSC_OWN, lock_class: LOCK_CLASS, level: LEVEL } = PRESENT;

/**
 * Decodes the object of a line into the next row of the batch, whose seq it must have; the inverse of EventEncoder.
 * @throws P2mError P2M_NDJSON; the row is then half filled, and the batch can't be used any more
 */
export function decodeEvent(
  event: Readonly<Record<string, unknown>>,
  seq: number,
  batch: EventBatch,
  names: TraceNames,
): void {
  const kind = kindOf(event.kind);
  const fields = EVENT_FIELDS[kind];
  const row = batch.rows;
  batch.columns.kind[row] = kind;
  let present = 0;
  for (const [name, value] of Object.entries(event)) {
    if (name === 'kind' || value === null) {
      if (name !== 'seq' && name !== 'kind' && !fields.byName.has(name)) throw unknownField(name, fields);
      continue;
    }
    if (name === 'seq') {
      checkSeq(value, seq);
      continue;
    }
    const field = fields.byName.get(name);
    if (field === undefined) throw unknownField(name, fields);
    decodeValue(field, value, batch, row, names);
    if (name !== 'tsc_own') present |= PRESENT[field.column];
  }
  if ((present & fields.needs) !== fields.needs) throw missingField(present, fields);
  if (isOwn(event.tsc_own, (present & TSC) !== 0)) present |= TSC_OWN;
  if (fields.kind.group === 'lock') present |= completeLock(batch, row, present);
  batch.present[row] = present;
  batch.rows++;
}

function kindOf(value: unknown): number {
  if (value === undefined || value === null) throw refusal('kind is required', 'kind');
  if (typeof value !== 'string') throw refusal(`kind is ${shown(value)}; expected a string`, 'kind');
  const index = Object.hasOwn(KIND, value) ? KIND[value as KindName] : undefined;
  if (index !== undefined) return index;
  const kinds = KINDS.map(kind => kind.name);
  const near = suggestion(value, kinds) || `; the kinds are ${kinds.join(', ')}`;
  throw refusal(`kind ${shown(value)} does not exist${near}`, 'kind');
}

function checkSeq(value: unknown, seq: number): void {
  if (value === seq) return;
  const remedy = 'events are numbered from 0 without a gap; leave seq out to have them numbered';
  throw refusal(`seq is ${shown(value)}; expected ${seq}: ${remedy}`, 'seq');
}

function unknownField(name: string, { kind, fields }: EventFields): Error {
  const allowed = ['seq', 'kind', ...fields.map(field => field.name)];
  const near = suggestion(name, allowed);
  return refusal(`${shown(name)} is no field of kind ${kind.name}${near || '.'} Allowed: ${allowed.join(', ')}`, name);
}

function missingField(present: number, { kind, fields }: EventFields): Error {
  const missing = fields.find(field => field.required && (present & PRESENT[field.column]) === 0);
  return refusal(`${missing?.name} is required for kind ${kind.name}`, missing?.name);
}

function isOwn(value: unknown, hasTsc: boolean): boolean {
  if (value === undefined || value === null) return hasTsc;
  if (typeof value !== 'boolean') throw refusal(`tsc_own is ${shown(value)}; expected true or false`, 'tsc_own');
  return value;
}

/** Fills in the class or level of an mm lock from the other one; the level without the control domain's bias. */
function completeLock(batch: EventBatch, row: number, present: number): number {
  const { lock_class: classes, level: levels } = batch.columns;
  if ((present & (LOCK_CLASS | LEVEL)) === LOCK_CLASS) {
    // The mm locks are the first names of their dictionary.
    if (classes[row] >= MM_LOCKS.length) return 0;
    levels[row] = MM_LOCKS[classes[row]].level;
    return LEVEL;
  }
  if ((present & (LOCK_CLASS | LEVEL)) === LEVEL) {
    const index = mmLockOfLevel(levels[row]);
    if (index < 0) return 0;
    classes[row] = index;
    return LOCK_CLASS;
  }
  return 0;
}
