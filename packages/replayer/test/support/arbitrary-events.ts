import fc from 'fast-check';

/** Frames that meet again, on both sides of the boundaries of 2M and 1G. */
const gfn = fc.constantFrom(0x10, 0x11, 0x1ff, 0x200, 0x3_ffff, 0x4_0000);
const mfn = fc.constantFrom(0x100, 0x101, 0x1ff, 0x200, 0x400, 0x8_0000, 0x10_0000_0000);
const domid = fc.constantFrom(1, 2);
const order = fc.constantFrom(0, 0, 0, 9, 18);
const pcpu = fc.constantFrom(0, 0, 5);
const view = fc.constantFrom('host', 'host', 'altp2m:1');
const lock = {
  pcpu,
  lock: fc.constantFrom('0x10', '0x20', '0x30'),
  lock_class: fc.constant('p2m'),
  level: fc.constantFrom(16, 24),
  mode: fc.constantFrom('write', 'read', 'mutex'),
};

const of = (kind: string, columns: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record({ kind: fc.constant(kind), ...columns });

/** Events of every part of the state, as NDJSON has them. */
export const arbitraryEvents = fc.array(
  fc.oneof(
    of('set_entry', { domid, view, gfn, mfn: fc.option(mfn), order, p2m_type: fc.constantFrom('ram_rw', 'invalid') }),
    of('lookup', { domid, gfn, mfn, p2m_type: fc.constant('ram_rw') }),
    of('page_alloc', { mfn, order: fc.constantFrom(0, 9), owner: domid }),
    of('page_free', { mfn, order: fc.constant(0) }),
    of('get_page', { mfn, count_info: fc.constantFrom('0x8000000000000002', '0x3') }),
    of('put_page', { mfn }),
    of('owner_set', { mfn, owner: fc.option(domid) }),
    of('m2p_set', { mfn, gfn: fc.option(gfn) }),
    { weight: 3, arbitrary: of('lock_acquire', lock) },
    of('lock_release', lock),
    of('sched_switch', { pcpu, domid, vcpu: fc.nat(1), runstate: fc.constantFrom(0, 1) }),
    of('domain_create', { domid }),
    of('lost', { pcpu, count: fc.constant(3), first_tsc: fc.constant(1) }),
  ),
  { minLength: 1, maxLength: 60 },
);
