import {
  decodeCountInfo,
  decodeTypeInfo,
  LAYOUT_NAMES,
  LAYOUT_PROFILES,
  layoutProfile,
  profileOfVersion,
} from '@p2mtrace/trace-format';
import { describe, expect, test } from 'vitest';

// Values written by hand from the bit numbers of docs/xen.md#page-info-layouts (xen/arch/x86/include/asm/mm.h of each
// release).
const ALLOCATED_1 = 0x8000_0000_0000_0001n;

describe('count_info', () => {
  test.each<[profile: string, info: bigint, bits: string[], state: string, count: bigint]>([
    // 31 allocated, 30 xen_heap, 29 page_table; 26 bits of count; no state.
    ['P0', 0x8000_0001n, ['allocated'], 'inuse', 1n],
    ['P0', 0xe3ff_ffffn, ['allocated', 'xen_heap', 'page_table'], 'inuse', 0x3ff_ffffn],
    ['P0', 0x1c00_0002n, [], 'inuse', 2n],
    // 63, 62, 61; 60:58 are the cache attributes; 58 bits.
    ['P1', ALLOCATED_1, ['allocated'], 'inuse', 1n],
    ['P1', 0xe3ff_ffff_ffff_ffffn, ['allocated', 'xen_heap', 'page_table'], 'inuse', 0x3ff_ffff_ffff_ffffn],
    ['P1', 0x1c00_0000_0000_0003n, [], 'inuse', 3n],
    // 57 broken, 56:55 state; 55 bits.
    ['P2', ALLOCATED_1, ['allocated'], 'inuse', 1n],
    ['P2', 0x0200_0000_0000_0000n, ['broken'], 'inuse', 0n],
    ['P2', 0x0080_0000_0000_0001n, [], 'offlining', 1n],
    ['P2', 0x0100_0000_0000_0000n, [], 'offlined', 0n],
    ['P2', 0x0180_0000_0000_0000n, [], 'free', 0n],
    ['P2', 0x407f_ffff_ffff_ffffn, ['xen_heap'], 'inuse', 0x7f_ffff_ffff_ffffn],
    ['P3', 0x2180_0000_0000_0000n, ['page_table'], 'free', 0n],
    ['P3', 0xc07f_ffff_ffff_ffffn, ['allocated', 'xen_heap'], 'inuse', 0x7f_ffff_ffff_ffffn],
    // 54 is extra, so 54 bits.
    ['P4', 0x8040_0000_0000_0001n, ['allocated', 'extra'], 'inuse', 1n],
    ['P4', 0x003f_ffff_ffff_ffffn, [], 'inuse', 0x3f_ffff_ffff_ffffn],
    // 60 broken, 59:58 state; 58 bits.
    ['P5', 0x1000_0000_0000_0000n, ['broken'], 'inuse', 0n],
    ['P5', 0x0c00_0000_0000_0000n, [], 'free', 0n],
    ['P5', 0x0400_0000_0000_0001n, [], 'offlining', 1n],
    ['P5', 0x83ff_ffff_ffff_ffffn, ['allocated'], 'inuse', 0x3ff_ffff_ffff_ffffn],
    // 57 extra; 57 bits.
    ['P6', ALLOCATED_1, ['allocated'], 'inuse', 1n],
    ['P6', 0x8200_0000_0000_0002n, ['allocated', 'extra'], 'inuse', 2n],
    ['P6', 0x2800_0000_0000_0000n, ['page_table'], 'offlined', 0n],
    ['P6', 0x01ff_ffff_ffff_ffffn, [], 'inuse', 0x1ff_ffff_ffff_ffffn],
    // 61 extra, 57 shadowed_pt.
    ['P7', 0xa000_0000_0000_0001n, ['allocated', 'extra'], 'inuse', 1n],
    ['P7', 0x0200_0000_0000_0001n, ['shadowed_pt'], 'inuse', 1n],
    ['P7', 0x4c00_0000_0000_0000n, ['xen_heap'], 'free', 0n],
    // 57 need_scrub, 56 shadowed_pt; 56 bits.
    ['P8', 0x0e00_0000_0000_0000n, ['need_scrub'], 'free', 0n],
    ['P8', 0x8100_0000_0000_0003n, ['allocated', 'shadowed_pt'], 'inuse', 3n],
    ['P8', 0x00ff_ffff_ffff_ffffn, [], 'inuse', 0xff_ffff_ffff_ffffn],
  ])('%s %#x', (profile, info, bits, state, count) => {
    const decoded = decodeCountInfo(layoutProfile(profile), info);
    expect({ ...decoded, bits: decoded.bits.toSorted() }).toEqual({ bits: bits.toSorted(), state, count });
  });
});

describe('type_info', () => {
  test.each<[profile: string, info: bigint, type: string, bits: string[], count: bigint]>([
    // 31:29 type, 28 pinned, 27 validated, 26 pae, 25 partial; 25 bits.
    ['P0', 0xf800_0001n, 'writable', ['pinned', 'validated'], 1n],
    ['P0', 0x3e00_0000n, 'l1', ['pinned', 'validated', 'pae_xen_l2', 'partial'], 0n],
    ['P0', 0xa1ff_ffffn, 'seg_desc', [], 0x1ff_ffffn],
    // 63:61 type, 60 pinned, 59 validated, 58 pae, 57 partial; 57 bits.
    ['P1', 0xf800_0000_0000_0001n, 'writable', ['pinned', 'validated'], 1n],
    ['P1', 0x8600_0000_0000_0000n, 'l4', ['pae_xen_l2', 'partial'], 0n],
    ['P1', 0x01ff_ffff_ffff_ffffn, 'none', [], 0x1ff_ffff_ffff_ffffn],
    // 63:60 type (writable 7, shared 8), 59 pinned, 58 validated, 57 pae, 56 partial, 55 locked; 55 bits.
    ['P2', 0x7400_0000_0000_0001n, 'writable', ['validated'], 1n],
    ['P2', 0x8400_0000_0000_0002n, 'shared', ['validated'], 2n],
    ['P2', 0x1c80_0000_0000_0001n, 'l1', ['pinned', 'validated', 'locked'], 1n],
    ['P2', 0x237f_ffff_ffff_ffffn, 'l2', ['pae_xen_l2', 'partial'], 0x7f_ffff_ffff_ffffn],
    // 63:61 type (shared 6, writable 7), 60 locked, 59 pinned, 58 validated, 57 pae, 56 partial; 56 bits.
    ['P3', 0xe400_0000_0000_0001n, 'writable', ['validated'], 1n],
    ['P3', 0xc400_0000_0000_0001n, 'shared', ['validated'], 1n],
    ['P3', 0x3c00_0000_0000_0002n, 'l1', ['locked', 'pinned', 'validated'], 2n],
    ['P3', 0x61ff_ffff_ffff_ffffn, 'l3', ['partial'], 0xff_ffff_ffff_ffffn],
    ['P4', 0x4680_0000_0000_0000n, 'l2', ['validated', 'pae_xen_l2'], 0x80_0000_0000_0000n],
    // 55 non_coherent, so 55 bits.
    ['P5', 0xe480_0000_0000_0001n, 'writable', ['validated', 'non_coherent'], 1n],
    ['P6', 0xa47f_ffff_ffff_ffffn, 'seg_desc', ['validated'], 0x7f_ffff_ffff_ffffn],
    ['P7', 0x9c80_0000_0000_0001n, 'l4', ['locked', 'pinned', 'validated', 'non_coherent'], 1n],
    ['P8', 0xc400_0000_0000_0003n, 'shared', ['validated'], 3n],
  ])('%s %#x', (profile, info, type, bits, count) => {
    const decoded = decodeTypeInfo(layoutProfile(profile), info);
    expect({ ...decoded, bits: decoded.bits.toSorted() }).toEqual({ type, bits: bits.toSorted(), count });
  });
});

test.each([
  ['3.3.0', 'P0'],
  ['4.0.0', 'P2'],
  ['4.9.4', 'P2'],
  ['4.10.0', 'P3'],
  ['4.12.4', 'P3'],
  ['4.13.4', 'P3'],
  ['4.13.5', 'P5'],
  ['4.14.5', 'P4'],
  ['4.14.6', 'P6'],
  ['4.15.2', 'P4'],
  ['4.15.3', 'P6'],
  ['4.16.1', 'P4'],
  ['4.16.2', 'P6'],
  ['4.17.7', 'P6'],
  ['4.18', 'P7'],
  ['4.21.1', 'P7'],
  ['4.22.0', 'P8'],
  ['5.0', undefined],
  ['unstable', undefined],
])('Xen %s has layout %s', (version, profile) => {
  expect(profileOfVersion(version)).toBe(profile);
});

test('no two fields of a profile share a bit', () => {
  expect(LAYOUT_NAMES).toEqual(['P0', 'P1', 'P2', 'P3', 'P4', 'P5', 'P6', 'P7', 'P8']);
  for (const profile of LAYOUT_PROFILES) {
    const state = profile.stateShift === undefined ? [] : [profile.stateShift, profile.stateShift + 1];
    const counts = [...Object.values(profile.countBits), ...state];
    const types = Object.values(profile.typeBits);
    expect(new Set(counts).size).toBe(counts.length);
    expect(new Set(types).size).toBe(types.length);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(profile.countWidth);
    expect(Math.min(...types)).toBeGreaterThanOrEqual(profile.typeCountWidth);
    expect(Math.max(...types)).toBeLessThan(profile.typeShift);
  }
});
