import { framesOf } from '../memory/order.js';
import { GRANULE_ORDER, type LockDesign } from './design.js';
import { firstOf, type Overlay } from './overlay.js';

/** How p2ms are claimed: not at all. */
export const NOT = 0;
/** As the locks were recorded, in their recorded order. */
export const RECORDED = 1;
/** As recorded, in order of arrival. */
export const AS_RECORDED = 2;
export const WHOLE_P2M = 3;
export const RANGES = 4;

/** What a design says about claims, ready to be asked for each of them. */
export class ClaimRules {
  /** One of the above. */
  readonly how: number;
  /** All claims exclude each other. */
  readonly writesAlways: boolean;
  /** A section that will write claims for writing from its start. */
  readonly declares: boolean;
  /** A reader that comes to write asks for that then. */
  readonly converts: boolean;
  readonly readersFirst: boolean;
  /** Frames that one lock covers; 1 where ranges don't count. */
  readonly granule: number;
  private readonly overlay: Overlay;
  /** Copies have gfns of their own. */
  private readonly isMoved: boolean;

  /** `isAsRecorded`: nothing is changed, so that the recorded order of locks holds. */
  constructor({ discipline, granularity, upgrade, fairness }: LockDesign, overlay: Overlay, isAsRecorded: boolean) {
    const isWhole = granularity === null || granularity === 'all';
    if (discipline === 'refuse') this.how = NOT;
    else if (discipline === 'recorded') this.how = isAsRecorded ? RECORDED : AS_RECORDED;
    else this.how = isWhole ? WHOLE_P2M : RANGES;
    this.writesAlways = discipline === 'exclusive' || discipline === 'range-exclusive';
    this.declares = upgrade === 'declare';
    this.converts = upgrade === 'convert';
    this.readersFirst = fairness === 'reader-preference';
    this.granule = isWhole ? 1 : framesOf(GRANULE_ORDER[granularity]);
    this.overlay = overlay;
    this.isMoved = overlay.kind !== 'same';
  }

  /** The granule of a pcpu's gfn; 0 where the p2m has one lock. */
  granuleOf(pcpu: number, gfn: number): number {
    if (this.how !== RANGES) return 0;
    const { overlay } = this;
    const placed = this.isMoved ? firstOf(overlay, Math.floor(pcpu / overlay.streams), gfn) : gfn;
    return Math.floor(placed / this.granule);
  }
}
