/** What there was in the trace, however it would have been locked. */
export interface SectionCounts {
  sections: number;
  /** Of those: recorded without a range of gfns, so that they claim all. */
  withoutRange: number;
  /** Of those: on all of a p2m. */
  whole: number;
  writing: number;
  /** Begun by a lookup, as no lock was recorded. */
  byLookup: number;
  /** Cut by a loss, or by the end of the trace. */
  cut: number;
  /** So long that their end was not known when they had to be judged. */
  long: number;
  /** Ranges with an order above 0, and those of them that are not aligned to it. */
  ordered: number;
  unaligned: number;
  /** Foreign and grant mappings, and those of them whose gfn is not known. */
  mappings: number;
  unknownMappings: number;
  /** Recorded waits that no recorded hold explains. */
  unexplained: number;
  /** Locks taken while somebody had them, as recorded. */
  overlaps: number;
}

/** Nothing yet. */
export const noSections = (): SectionCounts => ({
  sections: 0,
  withoutRange: 0,
  whole: 0,
  writing: 0,
  byLookup: 0,
  cut: 0,
  long: 0,
  ordered: 0,
  unaligned: 0,
  mappings: 0,
  unknownMappings: 0,
  unexplained: 0,
  overlaps: 0,
});
