import { FLAG, KIND } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { hasFailed, mfnOf } from '../../batch/row-values.js';
import type { BreachDetail } from '../../facts/breach-names.js';
import { FrameRecords } from '../../memory/frame-records.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { knowsCount, slotOf } from '../known-pages.js';
import { KnownTypes } from '../known-types.js';

const K_GET_PAGE = KIND.get_page;
const K_GET_TYPE = KIND.get_type;
/** Pages whose headroom is told. */
const TOLD = 1000;
const WORD = 2 ** 32;

/**
 * refcount.overflow: a count reaches where get_page or get_page_type refuse to go on (X§4.3; mail 4): of the general
 * count the last two values are reserved, of the type count the last one. For counters of a chosen width it tells too
 * when they would wrap, and how near the other pages came.
 */
export const countLimits: MakeCheck = scope => new CountLimits(scope);

class CountLimits implements Check {
  private readonly scope: CheckScope;
  private readonly types: KnownTypes;
  private readonly general: Limit;
  private readonly type: Limit;

  constructor(scope: CheckScope) {
    this.scope = scope;
    const { pages, profile } = scope.state;
    const { counterWidth } = scope.options;
    this.types = new KnownTypes(pages, profile);
    this.general = limitOf(profile.countWidth, 2, counterWidth);
    this.type = limitOf(profile.typeCountWidth, 1, counterWidth);
  }

  readonly after = {
    get_page: (batch: ReplayBatch, row: number) => {
      if ((batch.columns.flags[row] & FLAG.failed) !== 0) return;
      const { pages } = this.scope.state;
      const mfn = mfnOf(batch, row);
      const slot = slotOf(pages, mfn);
      if (slot === 0 || !knowsCount(pages, slot)) return;
      this.judge(K_GET_PAGE, mfn, pages.upperCount(slot), pages.lowerCount(slot), this.general);
    },
    get_type: (batch: ReplayBatch, row: number) => {
      if (hasFailed(batch, row)) return;
      const mfn = mfnOf(batch, row);
      const slot = slotOf(this.scope.state.pages, mfn);
      if (slot === 0 || !this.types.isKnown(slot)) return;
      this.judge(K_GET_TYPE, mfn, this.types.upperCount(slot), this.types.lowerCount(slot), this.type);
    },
  };

  /** Of the count after a get, which has gone up by one: it passes each value. In two words, as it has up to 58 bits. */
  private judge(kind: number, mfn: number, upper: number, lower: number, limit: Limit): void {
    const { seq } = this.scope.now;
    if (limit.peaks !== undefined) notePeak(limit.peaks, mfn, upper * WORD + lower, seq);
    const isLast = upper === limit.lastUpper && lower === limit.lastLower;
    if (!isLast && (upper !== limit.wrapUpper || lower !== limit.wrapLower)) return;
    const detail = isLast ? 'limit' : 'wrap';
    const at = isLast ? [seq] : [-1, seq];
    const count = upper * WORD + lower;
    this.scope.report({ breach: 'overflow', detail, kind, mfn, count, width: limit.width, at });
  }

  readonly end = (): void => {
    this.tellHeadroom('headroom', this.general);
    this.tellHeadroom('type-headroom', this.type);
  };

  /** Of the pages that came nearest to the limit without reaching it. */
  private tellHeadroom(detail: BreachDetail, { width, lastUpper, lastLower, peaks }: Limit): void {
    const last = lastUpper * WORD + lastLower;
    const found: { mfn: number; count: number; seq: number }[] = [];
    peaks?.forEach((mfn, at) => {
      const [count, seq] = peaks.data.subarray(at, at + 2);
      if (count < last) found.push({ mfn, count, seq });
    });
    found.sort((a, b) => b.count - a.count);
    for (const { mfn, count, seq } of found.slice(0, TOLD)) {
      const columns = { mfn, count, width, expected: last - count, caller: -1, pcpu: -1 };
      this.scope.report({ breach: 'overflow', detail, ...columns, at: [-1, -1, seq] });
    }
  }
}

/** Counts of that many bits, by two words each. */
interface Limit {
  readonly width: number;
  /** The highest one that a get may make. */
  readonly lastUpper: number;
  readonly lastLower: number;
  /** The one at which such a counter is 0 again; in the layout's own counter it is. */
  readonly wrapUpper: number;
  readonly wrapLower: number;
  /** Of each frame its highest count, and when; only where somebody chose the width. */
  readonly peaks: FrameRecords | undefined;
}

/** Limits of the layout's counter, or of the width that somebody chose. */
function limitOf(own: number, reserved: number, chosen: number | undefined): Limit {
  const width = chosen ?? own;
  const isWide = width >= 32;
  return {
    width,
    lastUpper: isWide ? 2 ** (width - 32) - 1 : 0,
    lastLower: (isWide ? WORD : 2 ** width) - reserved,
    wrapUpper: width < own && isWide ? 2 ** (width - 32) : 0,
    wrapLower: width < own && !isWide ? 2 ** width : 0,
    peaks: chosen === undefined ? undefined : new FrameRecords(2),
  };
}

function notePeak(peaks: FrameRecords, mfn: number, count: number, seq: number): void {
  const at = peaks.make(mfn);
  if (count <= peaks.data[at]) return;
  peaks.data[at] = count;
  peaks.data[at + 1] = seq;
}
