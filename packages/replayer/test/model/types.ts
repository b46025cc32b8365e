import { decodeTypeInfo } from '@p2mtrace/trace-format';
import type { TraceEvent } from './event.js';
import { isFailed, type Mechanism, type Model } from './model.js';
import { frames } from './p2m.js';
import { moved, pageOf } from './pages.js';

/** type_info of page_info under get_page_type and put_page_type (docs/xen.md#type-counts). */

const isPartial = (model: Model, info: bigint) => decodeTypeInfo(model.profile, info).bits.includes('partial');
const countOf = (model: Model, info: bigint) => decodeTypeInfo(model.profile, info).count;

/** page_lock holds one type count while PGT_locked is set; no event tells of it. */
const lockOf = (model: Model, info: bigint) => (decodeTypeInfo(model.profile, info).bits.includes('locked') ? 1n : 0n);

/** By how much a get moves the count: PGT_partial keeps one, which whoever goes on takes over. */
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
  const { typeShift, countWidth } = model.profile;
  const word = frames(countWidth < 32 ? 32 : 64) - 1n;
  const type = word & ~(frames(typeShift) - 1n);
  return (info & ~type) | (requested & type);
}

function reference(moves: typeof getMoves) {
  return (model: Model, event: TraceEvent) => {
    if (event.mfn === undefined) return;
    const page = pageOf(model, event.mfn);
    const before = page.type_info;
    if (before !== undefined) {
      const by = moves(model, before, event);
      const after = moved(before, by, model.profile.typeCountWidth);
      page.type_info = by === 1n && countOf(model, before) === 0n ? retyped(model, after, event) : after;
      if (event.type_info !== undefined) {
        const locks = lockOf(model, event.type_info) - lockOf(model, before);
        const expected = countOf(model, moved(before, by + locks, model.profile.typeCountWidth));
        model.check('type_info', expected, countOf(model, event.type_info), page.typeSince);
      }
      if (by !== 0n) page.typeSince = model.now;
    }
    if (event.type_info !== undefined) Object.assign(page, { type_info: event.type_info, typeSince: model.now });
  };
}

export const types: Mechanism = {
  get_type: reference(getMoves),
  put_type: reference(putMoves),
};
