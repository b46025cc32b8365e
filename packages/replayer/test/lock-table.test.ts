import { MODE_MUTEX, MODE_READ, MODE_WRITE } from '@p2mtrace/trace-format';
import { describe, expect, test } from 'vitest';
import { LockTable, UNKNOWN_DEPTH } from '../src/tables/lock-table.js';

// Levels of docs/xen.md#lock-levels.
const P2M = 16;
const ALTP2M = 40;
const POD = 48;

function take(table: LockTable, lock: number, level: number, mode = MODE_MUTEX, recursive = false): boolean {
  const { violation } = table.acquire(0, lock, mode, level, recursive);
  table.push(0, lock, mode, level, 0, -1, 0);
  return violation;
}

describe('mm lock levels as Xen checks them (docs/xen.md#lock-checks)', () => {
  test('a lower level inside a higher one is a violation, an equal one is not', () => {
    const table = new LockTable();
    expect(take(table, 1, P2M)).toBe(false);
    expect(take(table, 2, P2M)).toBe(false);
    expect(take(table, 3, POD)).toBe(false);
    expect(take(table, 4, P2M)).toBe(true);
  });

  test('a write lock that the pcpu holds already is not checked', () => {
    const table = new LockTable();
    take(table, 1, P2M, MODE_WRITE);
    take(table, 2, POD);
    expect(take(table, 1, P2M, MODE_WRITE)).toBe(false);
    // Somebody else's p2m is.
    expect(take(table, 3, P2M, MODE_WRITE)).toBe(true);
  });

  test('taking a mutex again is checked unless by the recursive variant', () => {
    const table = new LockTable();
    take(table, 1, P2M);
    take(table, 2, POD);
    expect(take(table, 1, P2M, MODE_MUTEX, true)).toBe(false);
    const other = new LockTable();
    take(other, 1, P2M);
    take(other, 2, POD);
    expect(take(other, 1, P2M, MODE_MUTEX, false)).toBe(true);
  });

  test('a read lock is checked and raises nothing', () => {
    const table = new LockTable();
    expect(take(table, 1, POD, MODE_READ)).toBe(false);
    // Xen can't see this inversion.
    expect(take(table, 2, P2M, MODE_WRITE)).toBe(false);
    take(table, 3, POD);
    expect(take(table, 4, P2M, MODE_READ)).toBe(true);
  });

  test('a release restores the level saved at the first take, even when it is the wrong one', () => {
    const table = new LockTable();
    take(table, 1, P2M);
    take(table, 2, ALTP2M);
    // Not last in, first out: the level falls to 0 although the altp2m lock is held (docs/xen.md#lock-check-gaps).
    table.release(0, 1, MODE_MUTEX);
    expect(take(table, 3, 8)).toBe(false);
  });

  test('the bias of control domains counts', () => {
    const table = new LockTable();
    take(table, 1, 64 + P2M);
    expect(take(table, 2, POD)).toBe(true);
  });

  test('a lock without a level is neither checked nor raises the level', () => {
    const table = new LockTable();
    take(table, 1, POD);
    expect(take(table, 2, 0)).toBe(false);
    expect(take(table, 3, P2M)).toBe(true);
  });
});

test('depth is unknown until the trace shows the lock free or taken', () => {
  const table = new LockTable();
  expect(table.acquire(0, 1, MODE_WRITE, P2M, true).expectedDepth).toBe(UNKNOWN_DEPTH);
  table.push(0, 1, MODE_WRITE, P2M, 0, -1, 0);
  expect(table.acquire(0, 1, MODE_WRITE, P2M, true).expectedDepth).toBe(2);
  table.release(0, 1, MODE_WRITE);
  expect(table.check.expectedDepth).toBe(2);
});

test('what a pcpu holds is a stack, deeper than any guess, and loss forgets it', () => {
  const table = new LockTable();
  for (let lock = 0; lock < 100; lock++) take(table, lock, 0);
  expect(table.heldBy(0).map(held => held.lock)).toEqual([...Array(100).keys()]);
  table.release(0, 50, MODE_MUTEX);
  expect(table.heldBy(0)).toHaveLength(99);
  table.forget(0);
  expect(table.heldBy(0)).toEqual([]);
});

describe('a lock that another pcpu than its holder releases', () => {
  test('is free, and its holder keeps the level', () => {
    const table = new LockTable();
    take(table, 1, POD);
    table.release(1, 1, MODE_MUTEX);
    expect(table.heldBy(0)).toEqual([]);
    expect(table.acquire(1, 1, MODE_MUTEX, POD, false).expectedDepth).toBe(1);
    // pcpu 0 is at the pod lock's level still.
    expect(take(table, 2, P2M)).toBe(true);
  });

  test('is not released by a reader', () => {
    const table = new LockTable();
    take(table, 1, POD);
    table.release(1, 1, MODE_READ);
    expect(table.heldBy(0)).toHaveLength(1);
  });
});

test('after loss on a pcpu, what was free need not be free, and what another pcpu holds is still held', () => {
  const table = new LockTable();
  take(table, 1, P2M);
  table.release(0, 1, MODE_MUTEX);
  take(table, 2, POD);
  expect(table.depth[1]).toBe(0);
  table.forget(1);
  expect(table.depth[1]).toBe(UNKNOWN_DEPTH);
  expect(table.owner[2]).toBe(0);
  expect(table.depth[2]).toBe(1);
});
