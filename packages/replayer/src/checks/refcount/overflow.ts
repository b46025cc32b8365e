import { FLAG, KIND } from '@p2mtrace/trace-format';
import { hasFailed, mfnOf } from '../../batch/row-values.js';
import { FrameRecords } from '../../memory/frame-records.js';
import { defineCheck } from '../check.js';
import { knowsCount, slotOf } from '../known-pages.js';
import { KnownTypes } from '../known-types.js';

const K_GET_PAGE = KIND.get_page;
const K_GET_TYPE = KIND.get_type;
/** Pages whose headroom is told. */
const TOLD = 1000;
const WORD = 2 ** 32;

/**
 * A count reaches where get_page or get_page_type refuse to go on (xen/arch/x86/mm.c): of the general count the last two
 * values are reserved, of the type count the last one. For counters of a chosen width it tells too when they would wrap,
 * and how near the other pages came.
 */
export const overflow = defineCheck({
  rule: 'refcount.overflow',
  make: ({ state: { pages, profile }, options, now, report, opportunities }) => {
    const gets = opportunities('get');
    const typeGets = opportunities('type');
    const types = new KnownTypes(pages, profile);
    const general = limitOf(profile.countWidth, 2, options.counterWidth);
    const type = limitOf(profile.typeCountWidth, 1, options.counterWidth);

    /** Of the count after a get, which has gone up by one: it passes each value. In two words, as it has up to 58 bits. */
    const judge = (kind: number, mfn: number, upper: number, lower: number, limit: Limit) => {
      if (limit.peaks !== undefined) notePeak(limit.peaks, mfn, upper * WORD + lower, now.seq);
      const isLast = upper === limit.lastUpper && lower === limit.lastLower;
      if (!isLast && (upper !== limit.wrapUpper || lower !== limit.wrapLower)) return;
      const detail = isLast ? 'limit' : 'wrap';
      const at = isLast ? { reached: now.seq } : { wrapped: now.seq };
      const mechanism = kind === K_GET_TYPE ? 'type' : 'get';
      report({ detail, mechanism, kind, mfn, count: upper * WORD + lower, width: limit.width, at });
    };

    /** Of the pages that came nearest to the limit without reaching it. */
    const tellHeadroom = (detail: 'headroom' | 'type-headroom', { width, lastUpper, lastLower, peaks }: Limit) => {
      const last = lastUpper * WORD + lastLower;
      const found: { mfn: number; count: number; peak: number }[] = [];
      peaks?.forEach((mfn, at) => {
        const [count, peak] = peaks.data.subarray(at, at + 2);
        if (count < last) found.push({ mfn, count, peak });
      });
      found.sort((a, b) => b.count - a.count);
      for (const { mfn, count, peak } of found.slice(0, TOLD)) {
        const mechanism = detail === 'headroom' ? 'get' : 'type';
        report({ detail, mechanism, mfn, count, width, expected: last - count, caller: -1, pcpu: -1, at: { peak } });
      }
    };

    return {
      after: {
        get_page: (batch, row) => {
          if ((batch.columns.flags[row] & FLAG.failed) !== 0) return;
          const mfn = mfnOf(batch, row);
          const slot = slotOf(pages, mfn);
          if (slot === 0 || !knowsCount(pages, slot)) return;
          gets.count();
          judge(K_GET_PAGE, mfn, pages.upperCount(slot), pages.lowerCount(slot), general);
        },
        get_type: (batch, row) => {
          if (hasFailed(batch, row)) return;
          const mfn = mfnOf(batch, row);
          const slot = slotOf(pages, mfn);
          if (slot === 0 || !types.isKnown(slot)) return;
          typeGets.count();
          judge(K_GET_TYPE, mfn, types.upperCount(slot), types.lowerCount(slot), type);
        },
      },
      end: () => {
        tellHeadroom('headroom', general);
        tellHeadroom('type-headroom', type);
      },
    };
  },
});

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
