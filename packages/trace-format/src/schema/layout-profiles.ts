/**
 * Bit layouts of page_info's count_info and type_info by release (docs/xen.md#page-info-layouts;
 * xen/arch/x86/include/asm/mm.h).
 * A layout changed inside stable series (XSA-402), so a trace names its profile, not only its version.
 */

export interface LayoutProfile {
  readonly name: string;
  readonly releases: string;
  /** Bits of a general count. */
  readonly countWidth: number;
  /** Bits of a type count. */
  readonly typeCountWidth: number;
  /** Single bits of count_info by number. */
  readonly countBits: Readonly<Record<string, number>>;
  /** Lowest bit of the two-bit PGC_state, where the layout has one. */
  readonly stateShift?: number;
  /** Single bits of type_info by number. */
  readonly typeBits: Readonly<Record<string, number>>;
  /** Lowest bit of the type itself, and its names by value. */
  readonly typeShift: number;
  readonly types: readonly string[];
}

const TYPES_3BIT = ['none', 'l1', 'l2', 'l3', 'l4', 'seg_desc', 'shared', 'writable'];
const TYPES_4BIT = ['none', 'l1', 'l2', 'l3', 'l4', 'seg_desc', '6', 'writable', 'shared'];
/** 3.x had no shared type and called 6 unused. */
const TYPES_OLD = ['none', 'l1', 'l2', 'l3', 'l4', 'seg_desc', '6', 'writable'];

const COUNT_P2 = { allocated: 63, xen_heap: 62, page_table: 61, broken: 57 };
const TYPE_P3 = { locked: 60, pinned: 59, validated: 58, pae_xen_l2: 57, partial: 56 };
const COUNT_P5 = { allocated: 63, xen_heap: 62, page_table: 61, broken: 60 };
const TYPE_P5 = { ...TYPE_P3, non_coherent: 55 };
const COUNT_P7 = { allocated: 63, xen_heap: 62, extra: 61, broken: 60, shadowed_pt: 57 };

export const LAYOUT_PROFILES: readonly LayoutProfile[] = [
  {
    name: 'P0',
    releases: '3.3.0 and before January 2009',
    countWidth: 26,
    typeCountWidth: 25,
    countBits: { allocated: 31, xen_heap: 30, page_table: 29 },
    typeBits: { pinned: 28, validated: 27, pae_xen_l2: 26, partial: 25 },
    typeShift: 29,
    types: TYPES_OLD,
  },
  {
    name: 'P1',
    releases: '3.4 development, from 2009-01-26',
    countWidth: 58,
    typeCountWidth: 57,
    countBits: { allocated: 63, xen_heap: 62, page_table: 61 },
    typeBits: { pinned: 60, validated: 59, pae_xen_l2: 58, partial: 57 },
    typeShift: 61,
    types: TYPES_OLD,
  },
  {
    name: 'P2',
    releases: '4.0.0 to 4.9.x',
    countWidth: 55,
    typeCountWidth: 55,
    countBits: COUNT_P2,
    stateShift: 55,
    typeBits: { pinned: 59, validated: 58, pae_xen_l2: 57, partial: 56, locked: 55 },
    typeShift: 60,
    types: TYPES_4BIT,
  },
  {
    name: 'P3',
    releases: '4.10.0 to 4.12.x, 4.13.0 to 4.13.4',
    countWidth: 55,
    typeCountWidth: 56,
    countBits: COUNT_P2,
    stateShift: 55,
    typeBits: TYPE_P3,
    typeShift: 61,
    types: TYPES_3BIT,
  },
  {
    name: 'P4',
    releases: '4.14.0 to 4.14.5, 4.15.0 to 4.15.2, 4.16.0 and 4.16.1',
    countWidth: 54,
    typeCountWidth: 56,
    countBits: { ...COUNT_P2, extra: 54 },
    stateShift: 55,
    typeBits: TYPE_P3,
    typeShift: 61,
    types: TYPES_3BIT,
  },
  {
    name: 'P5',
    releases: '4.13.5',
    countWidth: 58,
    typeCountWidth: 55,
    countBits: COUNT_P5,
    stateShift: 58,
    typeBits: TYPE_P5,
    typeShift: 61,
    types: TYPES_3BIT,
  },
  {
    name: 'P6',
    releases: '4.14.6, 4.15.3 and later, 4.16.2 and later, 4.17.x',
    countWidth: 57,
    typeCountWidth: 55,
    countBits: { ...COUNT_P5, extra: 57 },
    stateShift: 58,
    typeBits: TYPE_P5,
    typeShift: 61,
    types: TYPES_3BIT,
  },
  {
    name: 'P7',
    releases: '4.18 to 4.21.x',
    countWidth: 57,
    typeCountWidth: 55,
    countBits: COUNT_P7,
    stateShift: 58,
    typeBits: TYPE_P5,
    typeShift: 61,
    types: TYPES_3BIT,
  },
  {
    name: 'P8',
    releases: '4.22 and later',
    countWidth: 56,
    typeCountWidth: 55,
    countBits: { ...COUNT_P7, need_scrub: 57, shadowed_pt: 56 },
    stateShift: 58,
    typeBits: TYPE_P5,
    typeShift: 61,
    types: TYPES_3BIT,
  },
];
export const LAYOUT_NAMES = LAYOUT_PROFILES.map(profile => profile.name);

/** The profile with this name, which the caller has checked. */
export function layoutProfile(name: string): LayoutProfile {
  const profile = LAYOUT_PROFILES.find(candidate => candidate.name === name);
  if (profile === undefined) throw new Error(`no layout profile ${name}`);
  return profile;
}

/**
 * The profile of a release such as 4.17.7 or 4.18; undefined if the table does not have it
 * (docs/xen.md#page-info-layouts).
 */
export function profileOfVersion(version: string): string | undefined {
  const match = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  if (match === null) return undefined;
  const [major, minor, patch] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 99)];
  if (major === 3) return minor <= 3 ? 'P0' : 'P1';
  if (major !== 4) return undefined;
  if (minor <= 9) return 'P2';
  if (minor <= 12) return 'P3';
  if (minor === 13) return patch <= 4 ? 'P3' : 'P5';
  const lastOfP4 = { 14: 5, 15: 2, 16: 1 }[minor];
  if (lastOfP4 !== undefined) return patch <= lastOfP4 ? 'P4' : 'P6';
  if (minor === 17) return 'P6';
  return minor <= 21 ? 'P7' : 'P8';
}

const PGC_STATES = ['inuse', 'offlining', 'offlined', 'free'];

export interface CountInfo {
  readonly count: bigint;
  /** Names of the set bits, without PGC_. */
  readonly bits: string[];
  readonly state: string;
}

/** count_info decoded by a profile. */
export function decodeCountInfo(profile: LayoutProfile, info: bigint): CountInfo {
  const bits = Object.keys(profile.countBits).filter(name => (info >> BigInt(profile.countBits[name])) & 1n);
  const state = profile.stateShift === undefined ? 0 : Number((info >> BigInt(profile.stateShift)) & 3n);
  return { count: info & ((1n << BigInt(profile.countWidth)) - 1n), bits, state: PGC_STATES[state] };
}

export interface TypeInfo {
  readonly type: string;
  readonly count: bigint;
  /** Names of the set bits, without PGT_. */
  readonly bits: string[];
}

/** type_info decoded by a profile. */
export function decodeTypeInfo(profile: LayoutProfile, info: bigint): TypeInfo {
  const bits = Object.keys(profile.typeBits).filter(name => (info >> BigInt(profile.typeBits[name])) & 1n);
  // P0 has 32-bit words.
  const type = Number(BigInt.asUintN(profile.typeShift < 32 ? 32 : 64, info) >> BigInt(profile.typeShift));
  return {
    type: profile.types[type] ?? String(type),
    count: info & ((1n << BigInt(profile.typeCountWidth)) - 1n),
    bits,
  };
}
