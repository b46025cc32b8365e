/** Names of xentrace ids (xen/include/public/trace.h, X§1; 0x8xx: model §2.1). */
const NAMES: Readonly<Record<string, string>> = {
  '0x0001f001': 'LOST_RECORDS',
  '0x0001f002': 'WRAP_BUFFER',
  '0x0001f003': 'CPU_CHANGE',
  '0x00021002': 'CONTINUE_RUNNING',
  '0x00041001': 'DOM_ADD',
  '0x00041002': 'DOM_REM',
  '0x00082021': 'NPF',
  '0x0010f001': 'PAGE_GRANT_MAP',
  '0x0010f002': 'PAGE_GRANT_UNMAP',
  '0x0010f003': 'PAGE_GRANT_TRANSFER',
  '0x0010f004': 'SET_P2M_ENTRY',
  '0x0010f005': 'DECREASE_RESERVATION',
  '0x0010f010': 'POD_POPULATE',
  '0x0010f011': 'POD_ZERO_RECLAIM',
  '0x0010f012': 'POD_SUPERPAGE_SPLINTER',
};

/** Records of instrumented hypervisors, 0x0010f801 and up. */
const EXTENSION = [
  'lookup',
  'set_entry',
  'get_page',
  'put_page',
  'get_type',
  'put_type',
  'lock_acquire',
  'lock_release',
  'page_alloc',
  'page_free',
  'put_gfn',
  'm2p_set',
  'owner_set',
  'page_use',
  'sharing',
  'grant',
  'tlb_flush',
  'pod_cache',
  'altp2m',
  'lock_wait',
  'snapshot_page',
  'snapshot_entry',
  'alloc_ref_drop',
];

/** Classes of ids that have no name here, by the bits above the minor. */
const CLASSES: readonly (readonly [bits: number, name: string])[] = [
  [0x0001, 'general'],
  [0x0002, 'scheduler'],
  [0x0004, 'domain control'],
  [0x0008, 'HVM'],
  [0x0010, 'memory'],
  [0x0020, 'PV'],
  [0x0040, 'shadow'],
  [0x0080, 'hardware'],
];

/** The name of a record's id as the health report has it (`0x0010f004`), or its class in brackets. */
export function eventName(id: string): string {
  const known = NAMES[id];
  if (known !== undefined) return known;
  const number = Number(id);
  // A runstate change carries the states in its id (X§1.7).
  if ((number & ~0x330) === 0x0002_1001) return 'RUNSTATE_CHANGE';
  if (number >>> 12 === 0x10f && EXTENSION[(number & 0xfff) - 0x801] !== undefined) {
    return EXTENSION[(number & 0xfff) - 0x801];
  }
  const name = CLASSES.find(([bits]) => number >>> 16 === bits)?.[1];
  return name === undefined ? '' : `(${name})`;
}
