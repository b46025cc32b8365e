import { LAYOUT_PROFILES } from '@p2mtrace/trace-format';
import { expect, test } from 'vitest';
import { FrameDirectory, MAX_FRAME } from '../src/memory/frame-table.js';
import { LockTable, MAX_HELD } from '../src/tables/lock-table.js';
import { PageTable } from '../src/tables/page-table.js';

/** Frames anywhere, and runs of neighbours, which share chunks; the same for every run of the test. */
function frames(count: number): number[] {
  let seed = 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return Math.floor((seed / 2 ** 31) * below);
  };
  return Array.from({ length: count }, (_, i) => {
    const region = [0, 1 << 20, 2 ** 31 - 4096, 2 ** 40, MAX_FRAME - 8192][i % 5];
    return i % 3 === 0 ? random(2 ** 26) * 2 ** 26 + random(2 ** 26) : region + random(4096);
  });
}

/** In chunks with 512 slots in a row, frames that never occurred have slots too. */
const ofTheTrace = (slots: Map<number, number>, visited: readonly number[]) => visited.filter(one => slots.has(one));

test('every frame has one slot, which stays, wherever it is', () => {
  const directory = new FrameDirectory();
  const slots = new Map<number, number>();
  for (const frame of frames(20_000)) {
    if (slots.has(frame)) expect(directory.find(frame)).toBe(slots.get(frame));
    const slot = directory.make(frame);
    expect(slots.get(frame) ?? slot).toBe(slot);
    expect(slot).toBeGreaterThan(0);
    slots.set(frame, slot);
  }
  expect(new Set(slots.values()).size).toBe(slots.size);
  const visited: number[] = [];
  directory.forEach((frame, slot) => {
    visited.push(frame);
    expect(slot).toBe(slots.get(frame) ?? directory.find(frame));
  });
  expect(visited).toEqual([...new Set(visited)].sort((a, b) => a - b));
  expect(ofTheTrace(slots, visited)).toEqual([...slots.keys()].sort((a, b) => a - b));
  for (const frame of ofTheTrace(slots, visited).slice(0, 500)) {
    const first = Math.floor(frame / 512) * 512;
    const neighbours: number[] = [];
    directory.forEachInChunk(frame, one => neighbours.push(one));
    expect(neighbours).toEqual(visited.filter(one => one >= first && one < first + 512));
  }
});

test('pages far apart take not many more slots than there are pages', () => {
  const pages = new PageTable(LAYOUT_PROFILES[0]);
  const far = 50_000;
  for (let i = 0; i < far; i++) pages.slot(i * 7919 * 512);
  // 4 chunks with all slots, and one for each 128 pages.
  expect(pages.directory.slots).toBeLessThanOrEqual(far + 1 + 512 * (4 + far / 128));
  expect(pages.state.length).toBeLessThan(12 * far);
});

test('a pcpu holds a bounded number of locks, and what it took first is unknown again', () => {
  const table = new LockTable();
  for (let lock = 0; lock < 1000; lock++) {
    if (table.isFull(0)) table.dropOutermost(0);
    table.acquire(0, lock, 0, 0, false);
    table.push(0, lock, 0, 0, lock, -1, 0);
  }
  expect(table.heldBy(0).map(({ lock }) => lock)).toEqual(
    Array.from({ length: MAX_HELD }, (_, i) => 1000 - MAX_HELD + i),
  );
  expect(table.owner[0]).toBe(-1);
  expect(table.owner[999]).toBe(0);
});
