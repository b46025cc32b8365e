import { describe, expect, test } from 'vitest';
import { finder } from './support/found.js';

const find = finder('lock-order');

const P2M = { lock: '0x1', lock_class: 'p2m', level: 16, mode: 'write' };
const POD = { lock: '0x2', lock_class: 'pod', level: 48, mode: 'mutex' };
const HEAP = { lock: '0x3', lock_class: 'heap', mode: 'mutex' };
type Lock = typeof HEAP;
const acquire = (lock: Lock, pcpu = 0, rest: object = {}) => ({ kind: 'lock_acquire', pcpu, ...lock, ...rest });
const release = (lock: Lock, pcpu = 0, rest: object = {}) => ({ kind: 'lock_release', pcpu, ...lock, ...rest });
const wait = (lock: Lock, pcpu = 0) => ({ kind: 'lock_wait', pcpu, ...lock });
const reading = (lock: Lock) => ({ ...lock, mode: 'read' });
const runs = (vcpu: number, pcpu = 0) => ({ kind: 'sched_switch', pcpu, domid: 1, vcpu });
const lost = (pcpu: number) => ({ kind: 'lost', pcpu, count: 5 });

describe('held-at-end', () => {
  test('is told once for each lock, however often it was taken and the pcpu switches', async () => {
    expect(await find([runs(0), acquire(P2M), acquire(P2M), acquire(HEAP), runs(1), runs(2)])).toEqual([
      'held-at-end proven error acquired:1 switched:4',
      'held-at-end proven error acquired:3 switched:4',
    ]);
  });

  test('where the recording stops is worth a note only: any recording stops somewhere', async () => {
    expect(await find([runs(0), acquire(HEAP)])).toEqual(['held-at-end possible note acquired:1']);
  });

  test('the same vcpu again, or the first one that is seen, is no switch to another', async () => {
    expect(await find([acquire(HEAP), runs(0), runs(0), release(HEAP)])).toEqual([]);
  });

  test('where the recording just stops it is a note, and a warning where much happened since', async () => {
    const others = (events: number) =>
      Array.from({ length: events }, () => ({ kind: 'npf', pcpu: 1, domid: 1, gfn: 1 }));
    expect(await find([acquire(HEAP), ...others(9_999)])).toEqual(['held-at-end possible note acquired:0']);
    expect(await find([acquire(HEAP), ...others(10_000)])).toEqual(['held-at-end possible warning acquired:0']);
  });

  test('after loss on that pcpu nothing is held for sure', async () => {
    expect(await find([runs(0), acquire(HEAP), lost(0), runs(1)])).toEqual([]);
  });
});

describe('releases', () => {
  test('of a lock that was taken before the trace, or among lost records, are fine', async () => {
    expect(await find([release(HEAP)])).toEqual([]);
    expect(await find([acquire(HEAP), release(HEAP), lost(1), release(HEAP, 1)])).toEqual([]);
  });

  test('by a reader are fine as long as anybody reads', async () => {
    const read = reading(P2M);
    const free = [acquire(P2M), release(P2M)];
    expect(await find([...free, acquire(read, 1), release(read, 0), release(read, 1)])).toEqual([]);
    expect(await find([...free, acquire(read, 1), release(read, 1), release(read, 0)])).toEqual([
      'release-not-held proven error released:3 released_again:4',
    ]);
  });

  test('on another pcpu free the lock: its holder may take it again', async () => {
    expect(await find([acquire(HEAP), release(HEAP, 1), acquire(HEAP), release(HEAP)])).toEqual([
      'release-elsewhere proven error acquired:0 released:1',
    ]);
  });

  test('out of order are fine among readers and locks without a level, and while one hold is left', async () => {
    const read = reading(P2M);
    expect(await find([acquire(P2M), acquire(HEAP), release(P2M), release(HEAP)])).toEqual([]);
    expect(await find([acquire(POD), acquire(HEAP), release(POD), release(HEAP)])).toEqual([]);
    expect(await find([acquire(read), acquire(POD), release(read), release(POD)])).toEqual([]);
    const twice = [acquire(P2M), acquire(POD), acquire(P2M), release(P2M), release(POD), release(P2M)];
    expect(await find(twice)).toEqual([]);
  });
});

describe('taking what is held', () => {
  test('the wait and the acquisition that ends it are one upgrade', async () => {
    const read = reading(P2M);
    expect(await find([acquire(read), wait(P2M), acquire(P2M), release(P2M), release(read)])).toEqual([
      'upgrade possible note read:0 wanted:1',
    ]);
  });

  test('a lower lock inside a read-locked higher one is fine where it is held for writing already', async () => {
    const read = reading(POD);
    expect(await find([acquire(read), acquire(P2M), release(P2M), release(read)])).toEqual([
      'read-inversion proven error held:0 acquired:1',
    ]);
    expect(await find([acquire(P2M), acquire(read), acquire(P2M), release(P2M), release(read), release(P2M)])).toEqual(
      [],
    );
  });
});

describe('long-hold', () => {
  /** Holds of these lengths in ticks, one after the other. */
  const holds = (lengths: readonly number[]) => {
    let now = 1000;
    return lengths.flatMap(length => {
      const from = now;
      now += length;
      return [acquire(HEAP, 0, { tsc: from }), release(HEAP, 0, { tsc: now })];
    });
  };

  test('is a matter of time, of which ticks alone tell nothing', async () => {
    expect(await find([...holds(Array(100).fill(1000)), ...holds([10_000_000])])).toEqual([]);
  });

  test('longer than 30 ms is a note, and the inner hold of a lock that is taken again does not count', async () => {
    const head = { p2mtrace: 1, layout: 'P6', tscHz: 1_000_000 };
    const at = (tsc: number) => ({ tsc });
    expect(
      await find([
        head,
        acquire(P2M, 0, at(1)),
        acquire(P2M, 0, at(2)),
        release(P2M, 0, at(40_000)),
        release(P2M, 0, at(40_001)),
        ...holds([29_000]),
      ]),
    ).toEqual(['long-hold proven note acquired:0 released:3']);
  });
});
