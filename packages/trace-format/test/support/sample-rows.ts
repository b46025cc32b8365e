import type { Row } from './rows.js';

/** A few events that between them use every column, every physical type and every growing dictionary. */
export const SAMPLE_ROWS: readonly Row[] = [
  {
    kind: 'lock_acquire',
    tsc: 0x8000_0000_0000_0001n,
    tsc_own: true,
    pcpu: 1,
    cur_domid: 0,
    cur_vcpu: 3,
    lock: 0xffff_8300_7f00_1234n,
    lock_class: 'domctl',
    level: 80,
    mode: 'write',
    depth: 1,
    flags: 1 << 7,
    caller: 0xffff_82d0_4020_0001n,
    symbol: 'p2m_lock+0x1f',
  },
  { kind: 'mark', arg0: 0xffff_ffff_ffff_ffffn },
  { kind: 'unknown', tsc_own: true, arg0: 0x0010_f8ffn, raw: '00017fff' },
  {
    kind: 'set_entry',
    tsc: 1n,
    domid: 65_535,
    gfn: 0x1_0000_0000n,
    mfn: 0xf_ffff_ffffn,
    order: 9,
    p2m_type: 'ram_paging_in_start',
    access: 'r_pw',
    view: 'altp2m:2',
    rc: -2_147_483_648,
    flags: 0,
  },
  { kind: 'page_free', mfn: 5n, order: 0, owner: 7, count_info: 0x8000_0000_0000_0001n, type_info: 1n << 63n },
  { kind: 'type_change_range', domid: 1, gfn: 0n, arg0: 512n, arg1: 2n, p2m_type: 'ram_logdirty', view: 'nested:1' },
  { kind: 'lock_release', lock: 7n, mode: 'external', lock_class: 'grant', caller: 9n, symbol: 'größer' },
];
