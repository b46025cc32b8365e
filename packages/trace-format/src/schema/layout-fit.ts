import { LAYOUT_PROFILES, type LayoutProfile } from './layout-profiles.js';

/**
 * Which layouts explain the counts in a trace. A get or put moves the count of an allocated page by one, and beyond
 * the count there are only flags: a layout that reads a changing flag as part of the count is contradicted.
 */
export class LayoutFit {
  /** By layout, as in LAYOUT_PROFILES: steps that it can't explain, and those that it reads as a page out of use. */
  readonly contradictions = new Uint32Array(LAYOUT_PROFILES.length);
  readonly implausible = new Uint32Array(LAYOUT_PROFILES.length);

  /** count_info before and after an event that moves the count by `by`, as low and high words. */
  step(low: number, high: number, newLow: number, newHigh: number, by: number): void {
    if (!movesBelowFlags(low, high, newLow, newHigh, by)) return;
    const key = high === 0 && newHigh === 0 ? -1 - pair(low, newLow) : pair(high, newHigh);
    let verdicts = VERDICTS.get(key);
    if (verdicts === undefined) {
      const [before, after] = [word(low, high), word(newLow, newHigh)];
      verdicts = LAYOUT_PROFILES.map(profile => judge(profile, before, after, by));
      VERDICTS.set(key, verdicts);
    }
    verdicts.forEach(({ contradicts, isImplausible }, i) => {
      if (contradicts) this.contradictions[i]++;
      if (isImplausible) this.implausible[i]++;
    });
  }

  /** Names of the layouts that explain every step; if possible, only those that need no page to be out of use. */
  fitting(): string[] {
    const names = (fits: (i: number) => boolean) =>
      LAYOUT_PROFILES.filter((_, i) => this.contradictions[i] === 0 && fits(i)).map(({ name }) => name);
    const plausible = names(i => this.implausible[i] === 0);
    return plausible.length > 0 ? plausible : names(() => true);
  }

  /** Steps that the layout can't explain. */
  against(name: string): number {
    return this.contradictions[LAYOUT_PROFILES.findIndex(profile => profile.name === name)];
  }
}

/** No count of 64 bits reaches its flags, which begin at bit 54 at the lowest; in 32 bits they begin at 26 (mm.h). */
const FLAGS_HIGH = 0xffff_0000;
const FLAGS_LOW = 0xfc00_0000;

/**
 * True if the count moves as it should in the bits that belong to it in every layout. If not, the layout is not the
 * cause: an event is missing, or two are in the wrong order.
 */
export function movesBelowFlags(low: number, high: number, newLow: number, newHigh: number, by: number): boolean {
  const sum = (low >>> 0) + by;
  const carry = sum < 0 ? -1 : sum > 0xffff_ffff ? 1 : 0;
  const flagsLow = high === 0 && newHigh === 0 ? FLAGS_LOW : 0;
  return ((sum ^ newLow) & ~flagsLow) === 0 && (((high + carry) ^ newHigh) & ~FLAGS_HIGH) === 0;
}

/** Verdicts on steps depend on their flags only, of which there are few combinations. */
const VERDICTS = new Map<number, readonly Verdict[]>();

/** The flags before and after, as one number. */
const pair = (word: number, newWord: number): number => (word >>> 16) * 0x1_0000 + (newWord >>> 16);

interface Verdict {
  readonly contradicts: boolean;
  readonly isImplausible: boolean;
}

function judge(
  { countWidth, countBits, stateShift }: LayoutProfile,
  before: bigint,
  after: bigint,
  by: number,
): Verdict {
  const has = (bit: number | undefined) => bit !== undefined && ((after >> BigInt(bit)) & 1n) === 1n;
  const isOffline = stateShift !== undefined && (has(stateShift) || has(stateShift + 1));
  // The oldest layout has 32-bit words.
  const isTooLong = countWidth < 32 && after >= 1n << 32n;
  return {
    contradicts: isTooLong || BigInt.asUintN(countWidth, before + BigInt(by)) !== BigInt.asUintN(countWidth, after),
    isImplausible: isOffline || has(countBits.broken),
  };
}

const word = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
