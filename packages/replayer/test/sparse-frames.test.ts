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

test('of chunks used throughout, most have a slot for every frame, in their order', () => {
  const directory = new FrameDirectory();
  let inOrder = 0;
  for (let chunk = 0; chunk < 64; chunk++) {
    for (let i = 511; i >= 0; i--) directory.make(chunk * 512 + i);
    if (directory.find(chunk * 512 + 511) - directory.find(chunk * 512) === 511) inOrder++;
  }
  expect(inOrder).toBeGreaterThan(48);
  expect(directory.slots).toBe(64 * 512 + 1);
});

test('frames of a large machine are found wherever they are, before and after their chunks are found by index', () => {
  const directory = new FrameDirectory();
  const slots = new Map<number, number>();
  for (let chunk = 0; chunk < 600; chunk++) {
    for (let i = 0; i < 512; i += 2) {
      const frame = (((chunk * 997) % 600) + 500_000) * 512 + i;
      slots.set(frame, directory.make(frame));
    }
  }
  for (const [frame, slot] of slots) expect(directory.find(frame)).toBe(slot);
  const visited: number[] = [];
  directory.forEach(frame => {
    visited.push(frame);
  });
  expect(visited).toEqual([...new Set(visited)].sort((a, b) => a - b));
  expect(ofTheTrace(slots, visited).length).toBe(slots.size);
});

test('pages far apart take no more slots than there are pages', () => {
  const pages = new PageTable(LAYOUT_PROFILES[0]);
  const far = 50_000;
  for (let i = 0; i < far; i++) pages.slot(i * 7919 * 512);
  expect(pages.directory.slots).toBe(far + 1);
  expect(pages.state.length).toBeLessThan(4 * far);
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
