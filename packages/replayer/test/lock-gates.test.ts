import { expect, test } from 'vitest';
import { FactStore, LOCK_EDGES, LOCK_GATES, replayTrace } from '../src/index.js';
import { traceMaker } from './support/trace-of.js';

const makeTrace = traceMaker();

const acquire = (lock: string, mode = 'mutex') => ({ kind: 'lock_acquire', pcpu: 0, lock, mode });
const release = (lock: string, mode = 'mutex') => ({ kind: 'lock_release', pcpu: 0, lock, mode });
/** Locks taken one inside the other, and released. */
const nest = (...locks: string[]) => [
  ...locks.map(lock => acquire(lock)),
  ...locks.toReversed().map(lock => release(lock)),
];

/** `held>acquired: gate mode, …` of every edge. */
async function gatesOf(events: readonly object[]) {
  const reader = await makeTrace(events);
  const facts = new FactStore();
  replayTrace(reader, { facts });
  const name = (lock: number) => reader.names.lock[lock];
  const [edges] = facts.chunks(LOCK_EDGES);
  const [gates] = facts.chunks(LOCK_GATES);
  return Array.from({ length: edges.rows }, (_, i) => {
    const own: string[] = [];
    for (let k = 0; k < (gates?.rows ?? 0); k++) {
      if (gates.columns.edge[k] !== edges.columns.id[i]) continue;
      own.push(`${name(gates.columns.lock[k])} ${LOCK_GATES.columns[3].names?.[gates.columns.mode[k]]}`);
    }
    return `${name(edges.columns.held[i])}>${name(edges.columns.acquired[i])}: ${own.join(', ')}`;
  }).sort();
}

test('a gate is what was held besides, every time that the edge was taken', async () => {
  expect(await gatesOf([...nest('0x1', '0x2', '0x3'), ...nest('0x1', '0x9', '0x2', '0x3')])).toEqual([
    '0x1>0x2: ',
    '0x1>0x3: 0x2 mutex',
    '0x1>0x9: ',
    '0x2>0x3: 0x1 mutex',
    '0x9>0x2: 0x1 mutex',
    '0x9>0x3: 0x1 mutex, 0x2 mutex',
  ]);
});

test('a gate that was once held for reading is a reader', async () => {
  const inside = nest('0x2', '0x3');
  const gates = await gatesOf([
    acquire('0x1', 'write'),
    ...inside,
    release('0x1', 'write'),
    acquire('0x1', 'read'),
    ...inside,
    release('0x1', 'read'),
  ]);
  expect(gates.filter(gate => gate.startsWith('0x2'))).toEqual(['0x2>0x3: 0x1 read']);
});
