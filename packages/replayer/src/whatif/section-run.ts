/** A section as it went in an experiment; times are ticks since the trace began. */
export interface SectionRun {
  readonly pcpu: number;
  readonly seq: number;
  readonly site: number;
  /** When it began first, if it started again. */
  readonly begin: number;
  readonly end: number;
  readonly wait: number;
  readonly writes: boolean;
}

/** Told of sections as they end. */
export type WatchSections = (run: SectionRun) => void;
