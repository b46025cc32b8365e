import { describe, expect, test } from 'vitest';
import { breachesOf } from '../support/breaches-of.js';
import { traceMaker } from '../support/trace-of.js';

// What samples/corpus has is not repeated here.
const makeTrace = traceMaker();
const found = async (...events: object[]) => breachesOf(await makeTrace(events));

const set = (gfn: number, mfn: number | undefined, p2m_type: string, more: object = {}) => ({
  kind: 'set_entry',
  pcpu: 0,
  domid: 1,
  gfn,
  ...(mfn === undefined ? {} : { mfn }),
  p2m_type,
  order: 0,
  ...more,
});
/** The pcpu goes on to another domain, so that what it did before is judged. */
const leave = { kind: 'lookup', pcpu: 0, domid: 2, gfn: 0 };

describe('partial-success', () => {
  const failed = { rc: -22, flags: ['failed'] };

  test('not where the failed chunk is written after all', async () => {
    const [one, other] = [set(0, 0x100, 'ram_rw'), set(1, 0x101, 'ram_rw', failed)];
    expect(await found(one, other, leave)).toEqual(['proven partial-success at 0, 1']);
    expect(await found(one, other, set(1, 0x101, 'ram_rw'), leave)).toEqual([]);
  });

  test('not of another type, of frames elsewhere, or with a gap', async () => {
    const one = set(0, 0x100, 'ram_rw');
    expect(await found(one, set(1, 0x101, 'ram_ro', failed), leave)).toEqual([]);
    expect(await found(one, set(1, 0x102, 'ram_rw', failed), leave)).toEqual([]);
    expect(await found(one, set(2, 0x102, 'ram_rw', failed), leave)).toEqual([]);
    expect(await found(one, set(1, undefined, 'ram_rw', failed), leave)).toEqual([]);
  });

  test('not where a zero check passes over a gfn', async () => {
    const pod = [set(0, undefined, 'populate_on_demand'), set(1, undefined, 'populate_on_demand', failed)];
    const reclaimed = { kind: 'pod_zero_reclaim', pcpu: 0, domid: 1, gfn: 0, mfn: 0x100, order: 0 };
    const mapped = [set(0, 0x100, 'ram_rw'), set(1, 0x101, 'ram_rw')];
    expect(await found(...mapped, leave, ...pod, reclaimed, leave)).toEqual([]);
    expect(await found(...pod, leave)).toEqual(['proven partial-success at 0, 1']);
  });
});

describe('special-replaced', () => {
  test('inside a superpage too, and a superpage by one of its frames', async () => {
    const device = set(0x210, 0xfe010, 'mmio_direct');
    expect(await found(device, set(0x200, 0x400, 'ram_rw', { order: 9 }), leave)).toEqual([
      'proven special-replaced at 0, 1',
    ]);
    const large = set(0x200, 0xfe000, 'mmio_direct', { order: 9 });
    expect(await found(large, set(0x210, 0x400, 'ram_rw'), leave)).toEqual(['proven special-replaced at 0, 1']);
  });

  test('not by another special entry, and an attempt may be refused', async () => {
    const device = set(0x10, 0xfe010, 'mmio_direct');
    expect(await found(device, set(0x10, 0xfe011, 'mmio_direct'), leave)).toEqual([]);
    const attempts = [device, set(0x10, 0x400, 'ram_rw')].map(event => ({ ...event, flags: ['attempt'] }));
    expect(await found(...attempts, leave)).toEqual(['likely special-replaced at 0, 1']);
  });
});

describe('m2p-after-failed-set', () => {
  const failed = set(0x200, 0x400, 'ram_rw', { order: 9, rc: -22, flags: ['failed'] });
  const m2p = (mfn: number, gfn: number, pcpu = 0) => ({ kind: 'm2p_set', pcpu, mfn, gfn });

  test('any frame of a failed superpage, once', async () => {
    expect(await found(failed, m2p(0x403, 0x203), m2p(0x404, 0x204))).toEqual(['proven m2p-after-failed-set at 0, 1']);
  });

  test('not of another frame, of another pcpu, or where the entry was there before', async () => {
    expect(await found(failed, m2p(0x403, 0x204))).toEqual([]);
    expect(await found(failed, m2p(0x600, 0x400))).toEqual([]);
    expect(await found(failed, m2p(0x400, 0x200, 1))).toEqual([]);
    expect(await found(set(0x200, 0x400, 'ram_ro', { order: 9 }), failed, m2p(0x400, 0x200))).toEqual([]);
  });
});

describe('pod-reclaim', () => {
  test('a 2M reclaim is of the 512 frames up to its mfn (docs/xen.md#pod-record-frames)', async () => {
    const alloc = { kind: 'page_alloc', mfn: 0x400, order: 9, owner: 1 };
    const reclaim = { kind: 'pod_zero_reclaim', pcpu: 0, domid: 1, gfn: 0x200, mfn: 0x5ff, order: 9 };
    const get = (mfn: number) => ({ kind: 'get_page', mfn, owner: 1 });
    expect(await found(alloc, get(0x410), reclaim)).toEqual(['proven pod-reclaim referenced at 1, 2']);
    expect(await found({ ...alloc, mfn: 0x600 }, get(0x610), reclaim)).toEqual([]);
  });

  test('not of a frame that had gone on before its entry went', async () => {
    const [mapped, pod] = [set(5, 0x100, 'ram_rw'), set(5, undefined, 'populate_on_demand')];
    const page = (kind: string) => ({ kind, mfn: 0x100, order: 0, owner: 1 });
    expect(await found(mapped, leave, pod, leave)).toEqual(['proven pod-reclaim not-restored at 2']);
    // That it went so is another defect.
    expect(await found(mapped, leave, page('page_free'), page('page_alloc'), pod, leave)).toEqual([
      'proven freed-while-mapped own at 0, 2, 3',
    ]);
  });
});

describe('paging-state', () => {
  const step = (kind: string, more: object = {}) => ({ kind, pcpu: 0, domid: 1, gfn: 5, rc: 0, ...more });

  test('a write that is recorded before its step hides nothing', async () => {
    const evict = [set(5, undefined, 'ram_paged'), step('page_evict')];
    expect(await found(set(5, 0x100, 'ram_rw'), ...evict)).toEqual(['proven paging-state step at 0, 2']);
    expect(await found(set(5, 0x100, 'ram_paging_out'), ...evict)).toEqual([]);
  });

  test('a second vcpu populates and is resumed once more', async () => {
    const out = [set(5, 0x100, 'ram_rw'), step('page_nominate'), step('page_evict')];
    const back = [step('page_populate'), step('page_populate'), step('page_prep', { mfn: 0x101 })];
    expect(await found(...out, ...back, step('page_resume'), step('page_resume'))).toEqual([]);
    expect(await found(...out, step('page_resume'))).toEqual(['proven paging-state step at 2, 3']);
  });

  test('a reference from before the trace may be the pager’s own', async () => {
    const counted = { kind: 'snapshot', mfn: 0x100, owner: 1, count_info: '0x8000000000000002', flags: ['allocated'] };
    expect(await found(counted, set(5, 0x100, 'ram_rw'), step('page_nominate'))).toEqual([
      'likely paging-state referenced at 2',
    ]);
  });
});

describe('grant-pairing', () => {
  const grant = (kind: string, ...flags: string[]) => ({ kind, domid: 2, owner: 1, mfn: 0x100, handle: 7, flags });

  test('each half ends once, the whole once', async () => {
    const map = grant('grant_map', 'device_map', 'host_map');
    const [device, host, whole] = [
      grant('grant_unmap', 'device_map'),
      grant('grant_unmap', 'host_map'),
      grant('grant_unmap'),
    ];
    expect(await found(map, device, host)).toEqual([]);
    expect(await found(map, whole, whole)).toEqual(['proven grant-pairing unmapped-again at 0, 1, 2']);
    expect(await found(map, device, host, host)).toEqual(['proven grant-pairing unmapped-again at 0, 2, 3']);
  });

  test('of a mapping from before the trace only the second unmap is one too many', async () => {
    const unmap = grant('grant_unmap', 'host_map');
    expect(await found(unmap, grant('grant_unmap', 'device_map'))).toEqual([]);
    expect(await found(unmap, unmap)).toEqual(['proven grant-pairing unmapped-again at 0, 1']);
  });

  test('a handle is free again once it is unmapped, or its domain is gone', async () => {
    const map = grant('grant_map', 'host_map');
    expect(await found(map, grant('grant_unmap', 'host_map'), map)).toEqual([]);
    expect(await found(map, { kind: 'domain_destroy', domid: 2 }, map)).toEqual([]);
  });
});

test('sharing-invariant: reported when it becomes so, and again only after it was put right', async () => {
  const nominate = { kind: 'share_nominate', pcpu: 0, domid: 1, gfn: 5, mfn: 0x100, rc: 0 };
  // m2p_set has no domain: the lookup says whose section it is.
  const look = { kind: 'lookup', pcpu: 0, domid: 1, gfn: 9 };
  const m2p = (more: object) => [{ kind: 'm2p_set', pcpu: 0, mfn: 0x100, ...more }, look, leave];
  const [wrong, right] = [m2p({ gfn: 5 }), m2p({ flags: ['shared'] })];
  expect(await found(nominate, leave, ...wrong, ...wrong, ...right, ...wrong)).toEqual([
    'proven sharing-invariant m2p at 0, 2',
    'proven sharing-invariant m2p at 0, 11',
  ]);
});

test('an order that was guessed proves nothing', async () => {
  const reader = await makeTrace([set(0x210, 0x400, 'ram_rw', { order: 9 })]);
  expect(breachesOf(reader)).toEqual(['proven misaligned-order at 0']);
  const health = { order: { confidence: 'approximate' } };
  const guessed = Object.create(reader, { metadata: { value: { ...reader.metadata, health } } });
  expect(breachesOf(guessed)).toEqual(['possible misaligned-order at 0']);
});
