import { decodeTypeInfo } from '@p2mtrace/trace-format';
import type { TraceEvent } from './event.js';
import { isFailed, type Mechanism, type Model } from './model.js';
import { frames } from './p2m.js';
import { moved, pageOf } from './pages.js';

/** type_info of page_info under get_page_type and put_page_type (X§4.3). */

const isPartial = (model: Model, info: bigint) => decodeTypeInfo(model.profile, info).bits.includes('partial');
const countOf = (model: Model, info: bigint) => decodeTypeInfo(model.profile, info).count;

/** By how much a get or put moves the count; undefined where that cannot be told. */
function getMoves(model: Model, before: bigint, event: TraceEvent): bigint {
  const wasPartial = isPartial(model, before);
  if (!isFailed(event)) return wasPartial ? 0n : 1n;
  const leavesPartial = event.type_info !== undefined && isPartial(model, event.type_info);
  return leavesPartial && !wasPartial ? 1n : 0n;
}

function putMoves(model: Model, _before: bigint, event: TraceEvent): bigint {
  return event.type_info !== undefined && isPartial(model, event.type_info) ? 0n : -1n;
}

/** What a type count that went from 0 to 1 makes of the word: the type that was asked for, if that is known. */
function retyped(model: Model, info: bigint, { requested }: TraceEvent): bigint | undefined {
  if (requested === undefined) return undefined;
  const flags = frames(model.profile.typeShift) - 1n;
  return (info & flags) | (requested & ~flags);
}

function reference(moves: typeof getMoves) {
  return (model: Model, event: TraceEvent) => {
    if (event.mfn === undefined) return;
    const page = pageOf(model, event.mfn);
    const before = page.type_info;
    if (before !== undefined) {
      const after = moved(before, moves(model, before, event), model.profile.typeCountWidth);
      const isFirst = countOf(model, before) === 0n && countOf(model, after) === 1n;
      page.type_info = isFirst && event.type_info === undefined ? retyped(model, after, event) : after;
      if (event.type_info !== undefined) {
        model.check('type_info', countOf(model, after), countOf(model, event.type_info));
      }
    }
    page.type_info = event.type_info ?? page.type_info;
  };
}

export const types: Mechanism = {
  get_type: reference(getMoves),
  put_type: reference(putMoves),
};
