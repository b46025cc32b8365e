import { describe, expect, test } from 'vitest';
import { breachesOf } from '../support/breaches-of.js';
import { traceMaker } from '../support/trace-of.js';

const makeTrace = traceMaker();
/** A check that looks at the end of sections only: the M2P leads to gfn 5, which maps nothing. */
const found = async (...events: object[]) =>
  breachesOf(await makeTrace(events)).filter(breach => breach.includes('m2p-mismatch'));

const alloc = { kind: 'page_alloc', mfn: 0x100, order: 0, owner: 1 };
const entry = (gfn: number, mfn?: number) => ({
  kind: 'set_entry',
  pcpu: 0,
  domid: 1,
  gfn,
  ...(mfn === undefined ? { p2m_type: 'invalid' } : { mfn, p2m_type: 'ram_rw' }),
  order: 0,
});
const m2p = (gfn?: number) => ({ kind: 'm2p_set', pcpu: 0, mfn: 0x100, ...(gfn === undefined ? {} : { gfn }) });
const lock = (kind: 'lock_acquire' | 'lock_release', more: object = {}) => ({
  kind,
  pcpu: 0,
  lock: '0x10',
  lock_class: 'p2m',
  level: 16,
  mode: 'write',
  ...more,
});
const [acquire, release] = [lock('lock_acquire'), lock('lock_release')];
const elsewhere = { kind: 'mark', pcpu: 0 };

describe('a section under the p2m lock', () => {
  test('ends with its release', async () => {
    expect(await found(alloc, acquire, entry(5, 0x100), m2p(5), entry(5), release, elsewhere)).toEqual([
      'proven m2p-mismatch at 4, 3',
    ]);
    expect(await found(alloc, acquire, entry(5, 0x100), m2p(5), entry(5), m2p(), release)).toEqual([]);
  });

  test('ends with the last release of a lock taken again, and with that of the last p2m', async () => {
    const altp2m = { lock: '0x20', lock_class: 'altp2m', level: 40 };
    const again = [acquire, acquire, entry(5, 0x100), m2p(5), entry(5), release, m2p(), release];
    expect(await found(alloc, ...again)).toEqual([]);
    const both = [acquire, lock('lock_acquire', altp2m), entry(5, 0x100), m2p(5), entry(5)];
    expect(await found(alloc, ...both, lock('lock_release', altp2m), m2p(), release)).toEqual([]);
  });

  test('that began before the trace ends with the outermost hold, as the recorded depth tells', async () => {
    const at = (depth: number) => ({ depth, flags: ['recursive'] });
    const written = [entry(5, 0x100), m2p(5), entry(5)];
    const inner = [lock('lock_acquire', at(2)), ...written, lock('lock_release', at(2))];
    expect(await found(alloc, ...inner, m2p(), lock('lock_release', at(1)))).toEqual([]);
    expect(await found(alloc, ...inner, lock('lock_release', at(1)))).toEqual(['proven m2p-mismatch at 4, 3']);
    const bare = [...written, lock('lock_release', at(2))];
    expect(await found(alloc, ...bare, m2p(), lock('lock_release', at(1)))).toEqual([]);
  });

  test('that began before a piece ends with what the snapshot shows as held', async () => {
    const held = { ...acquire, kind: 'snapshot', depth: 1 };
    const events = [entry(5, 0x100), m2p(5), acquire, entry(5), release];
    expect(await found(held, alloc, ...events, m2p(), release)).toEqual([]);
    expect(await found(held, alloc, ...events, release)).toEqual(['proven m2p-mismatch at 5, 3']);
  });

  test('is not ended by other locks, nor begun or ended by readers', async () => {
    const pod = { lock: '0x30', lock_class: 'pod', level: 48, mode: 'mutex' };
    const others = [lock('lock_acquire', pod), lock('lock_release', pod)];
    const readers = [lock('lock_acquire', { mode: 'read' }), lock('lock_release', { mode: 'read' })];
    const events = [acquire, entry(5, 0x100), m2p(5), entry(5), ...others, ...readers, m2p(), release];
    expect(await found(alloc, ...events)).toEqual([]);
  });

  test('leaves a frame alone that another pcpu is changing: the end of that section tells', async () => {
    const other = { pcpu: 1, lock: '0x40' };
    const overlapping = [lock('lock_acquire', other), { ...m2p(5), pcpu: 1 }, acquire, entry(5, 0x100), entry(5)];
    const events = [alloc, ...overlapping, lock('lock_release', other)];
    expect(await found(...events, m2p(), release)).toEqual([]);
    expect(await found(...events, release)).toEqual(['proven m2p-mismatch at 5, 2']);
  });

  test('is of one pcpu', async () => {
    const other = { pcpu: 1, lock: '0x40' };
    const events = [acquire, entry(5, 0x100), m2p(5), entry(5)];
    expect(
      await found(alloc, ...events, lock('lock_acquire', other), lock('lock_release', other), m2p(), release),
    ).toEqual([]);
  });

  test('that the trace does not see the end of may yet be put right', async () => {
    expect(await found(alloc, acquire, entry(5, 0x100), m2p(5), entry(5))).toEqual(['possible m2p-mismatch at 4, 3']);
  });

  test('with lost records in it shows nothing', async () => {
    const lost = { kind: 'lost', pcpu: 0, count: 1, first_tsc: 1 };
    expect(await found(alloc, acquire, entry(5, 0x100), m2p(5), entry(5), lost, release)).toEqual([]);
  });
});

describe('without p2m locks in the trace', () => {
  const lookup = { kind: 'lookup', pcpu: 0, domid: 1, gfn: 9, flags: ['locked'] };
  const put = { kind: 'put_gfn', pcpu: 0, domid: 1, gfn: 9 };

  test('a section lasts from the first locked lookup to the last put_gfn', async () => {
    const wrong = [entry(5, 0x100), m2p(5), entry(5)];
    expect(await found(alloc, lookup, ...wrong, put, elsewhere)).toEqual(['proven m2p-mismatch at 4, 3']);
    expect(await found(alloc, lookup, lookup, ...wrong, put, m2p(), put)).toEqual([]);
  });

  test('or else to the next event of another domain', async () => {
    const wrong = [entry(5, 0x100), m2p(5), entry(5)];
    const another = { kind: 'lookup', pcpu: 0, domid: 2, gfn: 9 };
    expect(await found(alloc, ...wrong, another, m2p())).toEqual(['proven m2p-mismatch at 3, 2']);
    expect(await found(alloc, ...wrong, { ...another, domid: 1 }, m2p())).toEqual([]);
    expect(await found(alloc, ...wrong, { ...another, pcpu: 1 }, m2p())).toEqual([]);
  });
});
