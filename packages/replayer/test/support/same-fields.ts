import { expect } from 'vitest';
import type { XenState } from '../../src/index.js';

/** Fields that mean nothing between two events: what was found last, and the event or batch of the moment. */
const PASSING = new Set([
  'now',
  'required',
  'check',
  'lastP2mKey',
  'lastP2m',
  'lastKey',
  'last',
  'slot',
  'level',
  'batch',
  'around',
  'fitting',
  'fittingSlot',
  'settler',
  'lookups',
  'certainty',
]);
/** Indices that loading builds anew: what they have counts, their order does not. */
const INDICES = ['byHandle'];

/**
 * That two replays are alike field by field, whether images know the fields or not: what `transfer` forgets shows
 * here. Fields that are but caches belong into PASSING.
 */
export function expectSameFields(a: XenState, b: XenState): void {
  expect(differences(a, b, 'replayer', new Set())).toEqual([]);
}

function differences(a: unknown, b: unknown, path: string, seen: Set<unknown>): string[] {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return typeof a === 'function' || Object.is(a, b) ? [] : [`${path}: ${String(a)}, ${String(b)}`];
  }
  if (seen.has(a)) return [];
  seen.add(a);
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return Buffer.compare(bytes(a), bytes(b)) === 0 ? [] : [path];
  const isIndex = path.split('.').some(name => INDICES.includes(name));
  const [one, other] = [a, b].map(value => (isIndex ? entries(value).sort(byKey) : entries(value)));
  if (one.length !== other.length) return [`${path}: ${one.length} fields, ${other.length}`];
  return one.flatMap(([name, value], i) =>
    name === other[i][0]
      ? differences(value, other[i][1], `${path}.${String(name)}`, seen)
      : [`${path}: ${String(name)}, ${String(other[i][0])}`],
  );
}

const byKey = ([a]: [unknown, unknown], [b]: [unknown, unknown]) => Number(a) - Number(b);

/** Elements in order: that of a map or set is part of the state. */
function entries(value: object): [unknown, unknown][] {
  if (value instanceof Map || value instanceof Set) return [...value.entries()];
  return Object.entries(value).filter(([name]) => !PASSING.has(name));
}

const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
