import { isValid, KIND } from '@p2mtrace/trace-format';
import type { PageState } from '../state/page-state.js';
import type { Chain, ChainEvent, Words } from './chain-event.js';
import { isOfFrame, pageLife } from './frame-kinds.js';

const COUNTS: ReadonlySet<number> = new Set([
  KIND.get_page,
  KIND.get_page_failed,
  KIND.put_page,
  KIND.alloc_ref_drop,
  KIND.owner_set,
]);

/** count_info of a frame. */
export function countChain(pages: PageState): Chain {
  return {
    isType: false,
    has: (batch, row, mfn) => isOfFrame(batch, row, mfn, COUNTS),
    after(words, { batch, row }) {
      const life = pageLife(batch, row);
      const recorded = recordedCount(batch, row);
      if (life !== undefined) return recorded ?? (life === 'owned' ? pages.allocatedOne() : null);
      if (batch.columns.kind[row] === KIND.owner_set) return recorded ?? words;
      if (recorded === null) return words === null ? null : moved(words, pages.change(batch, row));
      const [lows, highs] = [Uint32Array.of(words?.low ?? 0), Uint32Array.of(words?.high ?? 0)];
      return words === null || pages.follows(lows, highs, 0, batch, row) ? recorded : undefined;
    },
    before({ batch, row }) {
      const recorded = recordedCount(batch, row);
      if (recorded === null || pageLife(batch, row) !== undefined) return null;
      return batch.columns.kind[row] === KIND.owner_set ? null : moved(recorded, -pages.change(batch, row));
    },
  };

  function moved({ low, high }: NonNullable<Words>, by: number): Words {
    const [lows, highs] = [Uint32Array.of(low), Uint32Array.of(high)];
    pages.pages.countBits.move(lows, highs, 0, by);
    return { low: lows[0], high: highs[0] };
  }
}

function recordedCount(batch: ChainEvent['batch'], row: number): Words {
  if (!isValid(batch.validity.count_info, row)) return null;
  const { count_info } = batch.columns;
  return { low: count_info[2 * row], high: count_info[2 * row + 1] };
}
