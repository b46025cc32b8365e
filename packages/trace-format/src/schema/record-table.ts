import type { KindName } from './kinds.js';

/**
 * Every xentrace record that p2mtrace decodes: those of a stock Xen (xen/include/public/trace.h) and those of an
 * instrumented one. Word counts, decoders, names in reports and the tables of docs/format.md come from here.
 */

export interface RecordSpec {
  readonly id: number;
  /** Bits of the id that hold values and are not part of the event. */
  readonly idBits: number;
  readonly name: string;
  /** Number of payload words; `layout` describes them field by field. */
  readonly words: number;
  /** Fields of the payload, `;` between them; u32 unless marked. `a | b << 16` packs two into a word. */
  readonly layout: string;
  /** What `layout` can't express. */
  readonly note: string;
  /** Kinds of its rows; none for a record that only frames others. */
  readonly kinds: readonly KindName[];
}

type Details = Partial<Pick<RecordSpec, 'note' | 'idBits'>>;

function record(id: number, name: string, kinds: string, layout: string, details: Details = {}): RecordSpec {
  const fields = layout.split('; ').filter(Boolean);
  const words = fields.reduce((sum, field) => sum + (field.startsWith('u64 ') ? 2 : 1), 0);
  const names = kinds.split(' ').filter(Boolean) as KindName[];
  return { id, name, words, layout, kinds: names, note: '', idBits: 0, ...details };
}

/** Records of classes other than TRC_MEM. */
const OTHER_RECORDS = {
  lostRecords: record(0x0001_f001, 'LOST_RECORDS', 'lost', 'count; domid | vcpu << 16; u64 first_tsc'),
  wrapBuffer: record(0x0001_f002, 'WRAP_BUFFER', '', '', { note: 'as many words of garbage as fill the ring' }),
  cpuChange: record(0x0001_f003, 'CPU_CHANGE', '', 'pcpu; bytes of the window'),
  runstateChange: record(0x0002_1001, 'RUNSTATE_CHANGE', 'sched_switch', 'vcpu | domid << 16', {
    idBits: 0x330,
    note: 'id: bits 4–5 the new runstate, 8–9 the old one',
  }),
  continueRunning: record(0x0002_1002, 'CONTINUE_RUNNING', 'sched_switch', 'vcpu | domid << 16', {
    note: '`runstate` 0',
  }),
  domAdd: record(0x0004_1001, 'DOM_ADD', 'domain_create', 'domid'),
  domRem: record(0x0004_1002, 'DOM_REM', 'domain_destroy', 'domid'),
  npf: record(0x0008_2021, 'NPF', 'npf', 'u64 gpa; u64 mfn; qualification; p2mt'),
};

const ENTRY = 'u64 gfn; u64 mfn; domid | view << 16; p2mt | order << 8 | access << 16 | failed << 31';
const LOCK = 'u64 lock; level; mode | recursive << 8 | depth << 16; u64 caller';
const MODES = { note: 'mode: 0 mutex, 1 write, 2 read' };
/** Records with a word to spare, in which later recorders store the caller. */
const MAY_HAVE_CALLER = 'a word behind these, where there is one: caller, the low half of its address';
/** Records of references: the caller's caller, where frames are linked. */
const MAY_HAVE_OUTER = `outer: low half of \`outer_caller\`, 0 for none; ${MAY_HAVE_CALLER}`;

/** Records of class TRC_MEM, by their names in code. */
const MEM_RECORDS = {
  grantMap: record(0x0010_f001, 'PAGE_GRANT_MAP', 'grant_map', 'owner', { note: 'owner: the granting domain' }),
  grantUnmap: record(0x0010_f002, 'PAGE_GRANT_UNMAP', 'grant_unmap', 'owner', { note: 'owner: the granting domain' }),
  grantTransfer: record(0x0010_f003, 'PAGE_GRANT_TRANSFER', 'grant_transfer', 'domid', {
    note: 'domid: the receiving domain',
  }),
  setP2mEntry: record(0x0010_f004, 'SET_P2M_ENTRY', 'set_entry', 'u64 gfn; u64 mfn; p2mt; domid | order << 16', {
    note: 'flag `attempt`',
  }),
  decreaseReservation: record(0x0010_f005, 'DECREASE_RESERVATION', 'decrease_reservation', 'u64 gfn; domid; order'),
  podPopulate: record(0x0010_f010, 'POD_POPULATE', 'pod_populate', 'u64 gfn; u64 mfn; domid; order'),
  podZeroReclaim: record(0x0010_f011, 'POD_ZERO_RECLAIM', 'pod_zero_reclaim', 'u64 gfn; u64 mfn; domid; order'),
  podSplinter: record(0x0010_f012, 'POD_SUPERPAGE_SPLINTER', 'pod_splinter', 'u64 gfn; domid; order', {
    note: 'up to Xen 4.17 the order is not recorded; it is 9',
  }),

  lookup: record(
    0x0010_f801,
    'lookup',
    'lookup',
    'u64 gfn; u64 mfn; domid | view << 16; p2mt | order << 8 | query << 16 | locked << 31',
    { note: `query: bit 0 \`alloc\`, bit 1 \`unshare\`; ${MAY_HAVE_CALLER}` },
  ),
  setEntry: record(0x0010_f802, 'set_entry', 'set_entry', ENTRY, { note: MAY_HAVE_CALLER }),
  getPage: record(
    0x0010_f803,
    'get_page',
    'get_page get_page_failed',
    'u64 mfn; owner; light | outer << 1 | ok << 31; u64 count_info',
    { note: `\`get_page_failed\` where ok is 0; of outer 30 bits; ${MAY_HAVE_OUTER}` },
  ),
  putPage: record(0x0010_f804, 'put_page', 'put_page', 'u64 mfn; owner; outer; u64 count_info', {
    note: MAY_HAVE_OUTER,
  }),
  getType: record(0x0010_f805, 'get_type', 'get_type', 'u64 mfn; u64 type_info; rc; requested type >> 32'),
  putType: record(0x0010_f806, 'put_type', 'put_type', 'u64 mfn; u64 type_info'),
  lockAcquire: record(0x0010_f807, 'lock_acquire', 'lock_acquire', LOCK, MODES),
  lockRelease: record(0x0010_f808, 'lock_release', 'lock_release', LOCK, MODES),
  pageAlloc: record(0x0010_f809, 'page_alloc', 'page_alloc', 'u64 mfn; order; owner'),
  pageFree: record(0x0010_f80a, 'page_free', 'page_free', 'u64 mfn; order; owner'),
  putGfn: record(0x0010_f80b, 'put_gfn', 'put_gfn', 'u64 gfn; domid | view << 16; 0'),
  m2pSet: record(0x0010_f80c, 'm2p_set', 'm2p_set', 'u64 mfn; u64 gfn', {
    note: `gfn: all ones is none, 2^64 − 2 the flag \`shared\`; ${MAY_HAVE_CALLER}`,
  }),
  ownerSet: record(0x0010_f80d, 'owner_set', 'owner_set', 'u64 mfn; old owner; owner; u64 count_info'),
  pageUse: record(0x0010_f80e, 'page_use', 'page_use', 'u64 mfn; domid; op; u64 caller', {
    note: 'op: 0 `map`, 1 `unmap`, 2 `read`, 3 `write`',
  }),
  sharing: record(
    0x0010_f80f,
    'sharing',
    'share_nominate share_pages unshare rmap_add rmap_del',
    'u64 mfn; u64 gfn; domid; op; rmap_count',
    { note: 'the kind by op, from 0' },
  ),
  grant: record(
    0x0010_f810,
    'grant',
    'grant_map grant_unmap grant_transfer',
    'u64 mfn; domid | owner << 16; ref; handle; op | GNTMAP bits << 8',
    { note: 'the kind by op, from 0; a seventh word, where there is one: all 32 GNTMAP bits' },
  ),
  tlbFlush: record(0x0010_f811, 'tlb_flush', 'tlb_flush tlb_flush_deferred', 'domid | view << 16; deferred', {
    note: `the kind by bit 0 of deferred; ${MAY_HAVE_CALLER}`,
  }),
  podCache: record(
    0x0010_f812,
    'pod_cache',
    'pod_cache_add pod_cache_get',
    'u64 mfn; domid; order | op << 8; count; entry_count',
    { note: 'the kind by op, from 0' },
  ),
  altp2m: record(
    0x0010_f813,
    'altp2m',
    'view_create view_destroy view_reset remap view_switch',
    'u64 gfn; u64 new_gfn; domid | view << 16; op',
    { note: 'the kind by op, from 0; the gfns are those of `remap`' },
  ),
  lockWait: record(0x0010_f814, 'lock_wait', 'lock_wait', LOCK, MODES),
  snapshotPage: record(0x0010_f815, 'snapshot_page', 'snapshot', 'u64 mfn; u64 count_info; u64 type_info; owner'),
  snapshotEntry: record(0x0010_f816, 'snapshot_entry', 'snapshot', ENTRY),
  allocRefDrop: record(0x0010_f817, 'alloc_ref_drop', 'alloc_ref_drop', 'u64 mfn; owner; outer; u64 count_info', {
    note: MAY_HAVE_OUTER,
  }),
  domainDying: record(0x0010_f818, 'domain_dying', 'domain_dying', 'domid'),
  paging: record(
    0x0010_f819,
    'paging',
    'page_nominate page_evict page_populate page_prep page_resume',
    'u64 gfn; u64 mfn; domid; op; rc',
    { note: 'the kind by op, from 0' },
  ),
  typeChangeRange: record(
    0x0010_f81a,
    'type_change_range',
    'type_change_range',
    'u64 gfn; u64 end; domid | view << 16; old p2mt | p2mt << 8',
  ),
  p2mTable: record(0x0010_f81b, 'p2m_table', 'p2m_table_alloc p2m_table_free', 'u64 mfn; domid | view << 16; op', {
    note: 'the kind by op, from 0',
  }),
};

export const RECORDS = { ...OTHER_RECORDS, ...MEM_RECORDS };

/** The minor of each TRC_MEM record; the rest of the id is the same for all. */
export const MEM = Object.fromEntries(
  Object.entries(MEM_RECORDS).map(([name, { id }]) => [name, id & 0xfff]),
) as Record<keyof typeof MEM_RECORDS, number>;

/** From this minor on, records are the extension's: words are only ever appended to them. Xen may rearrange its own. */
export const FIRST_EXTENSION_MINOR = 0x800;

/** In MEM_WORDS: no record has this minor. */
export const NO_RECORD = 255;
/** Payload words of each TRC_MEM minor. */
export const MEM_WORDS: Uint8Array = new Uint8Array(0x1000).fill(NO_RECORD);
for (const { id, words } of Object.values(MEM_RECORDS)) MEM_WORDS[id & 0xfff] = words;

const BY_ID = new Map(Object.values(RECORDS).map(spec => [spec.id, spec]));
const WITH_BITS = Object.values(RECORDS).filter(({ idBits }) => idBits !== 0);

/** The record with this event id. */
export function recordOf(id: number): RecordSpec | undefined {
  return BY_ID.get(id) ?? WITH_BITS.find(spec => (id & ~spec.idBits) === spec.id);
}
