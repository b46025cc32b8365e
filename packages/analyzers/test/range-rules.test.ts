import { describe, expect, test } from 'vitest';
import { finder } from './support/found.js';

const find = finder('gfn-range');

const get = (gfn: number, pcpu = 0, rest: object = {}) => {
  return { kind: 'lookup', pcpu, domid: 1, gfn, order: 0, p2m_type: 'ram_rw', mfn: gfn, flags: ['locked'], ...rest };
};
const put = (gfn: number, pcpu = 0, rest: object = {}) => ({ kind: 'put_gfn', pcpu, domid: 1, gfn, ...rest });
const set = (gfn: number, rest: object = {}) => {
  return { kind: 'set_entry', pcpu: 0, domid: 1, gfn, order: 0, p2m_type: 'ram_ro', mfn: gfn, ...rest };
};
const lock = (kind: string, pcpu = 0) => {
  return { kind, pcpu, lock: '0x1', lock_class: 'p2m', level: 16, mode: 'write' };
};
const section = (...events: object[]) => [lock('lock_acquire'), ...events, lock('lock_release')];

describe('pairs', () => {
  test('a second put_gfn is proven while the first is remembered, and possible after loss', async () => {
    expect(await find([get(1), put(1), put(1)])).toEqual(['put-without-get proven error put_before:1 put:2']);
    expect(await find([get(1), put(1), { kind: 'lost', pcpu: 1, count: 1 }, put(1)])).toEqual([
      'put-without-get possible note put:3',
    ]);
  });

  test('gfns, views and domains are apart', async () => {
    const other = { domid: 2 };
    expect(await find([get(1), get(1, 0, other), put(1, 0, other), put(1)])).toEqual([]);
    expect(await find([get(1), put(1, 0, other), put(1)])).toEqual(['put-without-get possible note put:1']);
  });

  test('where locks are recorded and put_gfn is not, a lookup ends with its lock', async () => {
    expect(await find(section(get(1)))).toEqual([]);
  });
});

describe('overlap', () => {
  test('needs two pcpus, one p2m and a frame in common', async () => {
    expect(await find([get(1, 0), get(1, 0), put(1, 0), put(1, 0)])).toEqual([]);
    expect(await find([get(1, 0), get(1, 1, { domid: 2 }), put(1, 1, { domid: 2 }), put(1, 0)])).toEqual([]);
    expect(await find([get(1, 0), get(2, 1), put(1, 0), put(2, 1)])).toEqual([]);
    expect(await find([get(1, 0), put(1, 0), get(1, 1), put(1, 1)])).toEqual([]);
    expect(await find([get(1, 0), get(1, 1), put(1, 0), put(1, 1)])).toEqual(['overlap proven error held:0 got:1']);
  });

  test('readers share', async () => {
    const read = { flags: ['read_locked'] };
    expect(await find([get(1, 0, read), get(1, 1, read), put(2)])).toEqual(['put-without-get possible note put:2']);
  });

  test('the order of either put_gfn counts, whichever comes first', async () => {
    const large = { order: 9 };
    expect(await find([get(0, 0), get(511, 1), put(0, 0, large), put(511, 1)])).toEqual([
      'overlap proven error held:0 got:1',
    ]);
    expect(await find([get(511, 0), get(0, 1), put(511, 0), put(0, 1, large)])).toEqual([
      'overlap proven error held:0 got:1',
    ]);
    expect(await find([get(512, 0), get(0, 1), put(512, 0), put(0, 1, large)])).toEqual([]);
  });

  test('a pcpu that has released its lock holds no range, put or not', async () => {
    const events = [lock('lock_acquire'), get(1), lock('lock_release'), lock('lock_acquire', 1), get(1, 1), put(1, 1)];
    expect((await find(events)).filter(text => text.startsWith('overlap'))).toEqual([]);
  });
});

describe('split-critical-section', () => {
  const split = 'split-critical-section possible note lookup:1 unprotected:2 set:5';

  test('is about the next section alone, and about that entry', async () => {
    const looked = section(get(1), put(1));
    expect(await find([...looked, ...section(set(1))])).toEqual([split]);
    expect(await find([...looked, ...section(set(2)), ...section(set(1))])).toEqual([]);
    expect(await find([...looked, ...section(get(1), set(1), put(1))])).toEqual([]);
    expect(await find([...looked, ...section(set(0, { order: 9, mfn: 512 }))])).toEqual([]);
    expect(await find([...section(get(1), set(1), put(1)), ...section(set(1))])).toEqual([]);
    expect(await find([...looked, ...section(set(1, { rc: -12, flags: ['failed'] }))])).toEqual([]);
  });

  test('is likely where somebody changed the entry in between, and only then', async () => {
    const other = (...events: object[]) => section(...events).map(event => ({ ...event, pcpu: 1 }));
    const first = section(set(1, { p2m_type: 'ram_rw' }));
    const looked = section(get(1), put(1));
    expect(
      await find([...first, ...looked, ...other(set(1, { p2m_type: 'ram_logdirty' })), ...section(set(1))]),
    ).toEqual(['split-critical-section likely warning lookup:4 unprotected:5 changed:8 set:11']);
    expect(await find([...first, ...looked, ...other(set(1, { p2m_type: 'ram_rw' })), ...section(set(1))])).toEqual([
      'split-critical-section possible note lookup:4 unprotected:5 set:11',
    ]);
  });

  test('a section lasts as long as the outermost hold of that lock, and not of another', async () => {
    const hold = (lockAddress: string, depth: number, flags: string[] = []) => ({
      ...lock('lock_acquire'),
      lock: lockAddress,
      depth,
      flags,
    });
    const release = (lockAddress: string, depth: number) => ({ ...hold(lockAddress, depth), kind: 'lock_release' });
    const inner = [hold('0x1', 2, ['recursive']), get(1), put(1), release('0x1', 2)];
    expect(await find([hold('0x1', 1), ...inner, set(1), release('0x1', 1)])).toEqual([]);
    const taken = [hold('0x1', 1), get(1), put(1), release('0x1', 1)];
    expect(
      await find([hold('0x2', 1), ...taken, hold('0x1', 1), set(1), release('0x1', 1), release('0x2', 1)]),
    ).toEqual(['split-critical-section possible note lookup:2 unprotected:3 set:6']);
  });

  test('a lookup inside of another leaves the section open', async () => {
    expect(await find(section(get(1), get(1), put(1), set(1), put(1)))).toEqual([]);
  });
});

describe('foreign-blocks', () => {
  const map = { kind: 'foreign_map', domid: 0, gfn: 9, mfn: 7, owner: 1 };
  const refused = (rc: number) => ({ kind: 'page_nominate', domid: 1, gfn: 1, mfn: 7, rc });

  test('tells the first refusal of each mapping, with or without its end', async () => {
    expect(await find([map, refused(-16), refused(-16)])).toEqual(['foreign-blocks likely warning mapped:0 refused:1']);
    expect(await find([map, refused(-16), { ...map, kind: 'foreign_unmap' }, refused(-16)])).toEqual([
      'foreign-blocks likely warning mapped:0 refused:1 unmapped:2',
    ]);
  });

  test('a want of memory is not the mapping', async () => {
    expect(await find([map, refused(-12)])).toEqual([]);
  });

  test('a grant mapping blocks as well, by the frame that the entry has', async () => {
    const grant = { kind: 'grant_map', domid: 0, owner: 1, mfn: 1, handle: 4 };
    expect(await find([set(1), grant, set(1, { mfn: 5, rc: -16, flags: ['failed'] })])).toEqual([
      'foreign-blocks likely warning mapped:1 refused:2',
    ]);
  });
});
