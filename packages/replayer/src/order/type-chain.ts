import { isValid, KIND } from '@p2mtrace/trace-format';
import type { TypeState } from '../state/type-state.js';
import type { Chain, ChainEvent, Words } from './chain-event.js';
import { isOfFrame, pageLife } from './frame-kinds.js';

const TYPES: ReadonlySet<number> = new Set([KIND.get_type, KIND.put_type]);

/** type_info of a frame. */
export function typeChain(types: TypeState): Chain {
  return {
    isType: true,
    has: (batch, row, mfn) => isOfFrame(batch, row, mfn, TYPES),
    after(words, { batch, row }) {
      const life = pageLife(batch, row);
      if (life !== undefined) return life === 'owned' ? { low: 0, high: 0 } : null;
      const recorded = recordedType(batch, row);
      if (recorded === null || words === null) return recorded;
      return types.follows(words.low, words.high, batch, row) ? recorded : undefined;
    },
    before({ batch, row }) {
      const recorded = recordedType(batch, row);
      if (recorded === null || pageLife(batch, row) !== undefined) return null;
      return types.before(recorded.low, recorded.high, batch, row);
    },
  };
}

function recordedType(batch: ChainEvent['batch'], row: number): Words {
  if (!isValid(batch.validity.type_info, row)) return null;
  const { type_info } = batch.columns;
  return { low: type_info[2 * row], high: type_info[2 * row + 1] };
}
