/*
 * Ways to lock a p2m that were argued about (docs/lock-design.md), as data.
 */

export const DISCIPLINES = ['recorded', 'exclusive', 'rwlock', 'range-exclusive', 'range-rw', 'refuse'] as const;
export type Discipline = (typeof DISCIPLINES)[number];
export const GRANULARITIES = ['4k', '2m', '1g', 'all'] as const;
export type Granularity = (typeof GRANULARITIES)[number];
export const UPGRADES = ['convert', 'declare'] as const;
export type Upgrade = (typeof UPGRADES)[number];
export const FAIRNESS = ['fifo', 'reader-preference'] as const;
export type Fairness = (typeof FAIRNESS)[number];

/** Order of the frames that one lock covers; `all` has no granules. */
export const GRANULE_ORDER: Readonly<Record<Exclude<Granularity, 'all'>, number>> = { '4k': 0, '2m': 9, '1g': 18 };

/** One of these ways. */
export interface LockDesign {
  readonly discipline: Discipline;
  /** Of the range disciplines alone. */
  readonly granularity: Granularity | null;
  /** Of those alone that tell readers from writers. */
  readonly upgrade: Upgrade | null;
  readonly fairness: Fairness;
}

/** What is to be tried; all of it where nothing is named. */
export interface DesignChoice {
  readonly disciplines?: readonly Discipline[] | undefined;
  readonly granularities?: readonly Granularity[] | undefined;
  readonly upgrades?: readonly Upgrade[] | undefined;
  readonly fairness?: Fairness | undefined;
}

/** Every design that was chosen, once each, in the order of the lists above. */
export function lockDesigns(choice: DesignChoice): readonly LockDesign[] {
  const { disciplines = DISCIPLINES, granularities = GRANULARITIES, upgrades = UPGRADES, fairness = 'fifo' } = choice;
  const chosen = <T>(all: readonly T[], some: readonly T[]) => all.filter(one => some.includes(one));
  return chosen(DISCIPLINES, disciplines).flatMap(discipline => {
    const hasRanges = discipline.startsWith('range-');
    const hasReaders = discipline === 'rwlock' || discipline === 'range-rw';
    return (hasRanges ? chosen(GRANULARITIES, granularities) : [null]).flatMap(granularity =>
      (hasReaders ? chosen(UPGRADES, upgrades) : [null]).map(upgrade => ({
        discipline,
        granularity,
        upgrade,
        fairness,
      })),
    );
  });
}
