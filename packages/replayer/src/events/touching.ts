import { isValid, KIND, type TraceReader } from '@p2mtrace/trace-format';
import type { ColumnBatch } from './column-batch.js';
import { type EventFilter, matchingEvents, type SeqRange } from './event-filter.js';
import { lockIndex, type Subject, viewIndex } from './subject.js';
import {
  ALL,
  DOMAIN,
  FRAME,
  FRAME_AND_ARG0,
  FRAME_OF_CURRENT,
  GFN_RULES,
  LOCK_RULES,
  MFN_RULES,
  NOT,
  RANGE_BY_LAST,
  UP_TO_ARG0,
  VIEW,
} from './touch-rules.js';

const OWNER_SET = KIND.owner_set;
const LOST = KIND.lost;

/**
 * The events that name a subject: its own frame, a range or superpage that holds it, or all of its view, its domain or
 * everything. A gfn without a view means every view. What the removal of an entry means for the mfn that it mapped is
 * not in the event but in the state: see `mapping_spans`.
 * @throws P2mError P2M_VIEW, P2M_SUBJECT (usage) for a view or lock that the trace does not have
 */
export function touching(names: TraceReader['names'], subject: Subject): EventFilter {
  switch (subject.about) {
    case 'gfn':
      return gfnFilter(subject.domid, subject.gfn, subject.view === undefined ? -1 : viewIndex(names, subject.view));
    case 'mfn':
      return mfnFilter(subject.mfn);
    case 'lock': {
      const { address, lockClass } = lockIndex(names, subject.lock);
      return lockFilter(address, lockClass);
    }
    case 'domain':
      return domainFilter(subject.domid);
  }
}

/** Seqs of the events that touch a subject. @throws P2mError like `touching`, P2M_DAMAGED */
export function eventsTouching(
  reader: TraceReader,
  subject: Subject,
  range?: SeqRange,
  direction?: 'forward' | 'backward',
): Generator<number, void> {
  return matchingEvents(reader, touching(reader.names, subject), range, direction);
}

function gfnFilter(domid: number, gfn: number, view: number): EventFilter {
  const [low, high] = words(gfn);
  const fill = (batch: ColumnBatch, mask: Uint8Array) => {
    const kinds = batch.values('kind');
    mask.fill(0);
    if (!occurs(kinds, batch.rows, GFN_RULES)) return;
    const [domids, gfns, orders, views] = [
      batch.values('domid'),
      batch.values('gfn'),
      batch.values('order'),
      batch.values('view'),
    ];
    const valid = { domid: batch.validity('domid'), gfn: batch.validity('gfn') };
    for (let row = 0; row < batch.rows; row++) {
      const rule = GFN_RULES[kinds[row]];
      if (rule === NOT) continue;
      if (rule === ALL) {
        mask[row] = 1;
        continue;
      }
      if (rule === FRAME_OF_CURRENT) {
        if (gfns[2 * row] === low && gfns[2 * row + 1] === high && isCurrent(batch, row, domid)) mask[row] = 1;
        continue;
      }
      if (domids[row] !== domid || !isValid(valid.domid, row)) continue;
      // Kinds without a view are about the host p2m, which is view 0.
      if (rule === DOMAIN || (rule === VIEW && (view < 0 || views[row] === view))) mask[row] = 1;
      if (rule >= VIEW || (view >= 0 && views[row] !== view)) continue;
      if (rule === UP_TO_ARG0) {
        if (gfn >= frameAt(gfns, row) && gfn < frameAt(batch.values('arg0'), row)) mask[row] = 1;
      } else if (rule === FRAME || orders[row] === 0) {
        if (gfns[2 * row] === low && gfns[2 * row + 1] === high && isValid(valid.gfn, row)) mask[row] = 1;
      } else if (isValid(valid.gfn, row)) {
        const size = 2 ** orders[row];
        if (Math.floor(frameAt(gfns, row) / size) === Math.floor(gfn / size)) mask[row] = 1;
      }
    }
  };
  return { fill };
}

function isCurrent(batch: ColumnBatch, row: number, domid: number): boolean {
  return batch.values('cur_domid')[row] === domid && isValid(batch.validity('cur_domid'), row);
}

function mfnFilter(mfn: number): EventFilter {
  const [low, high] = words(mfn);
  const fill = (batch: ColumnBatch, mask: Uint8Array) => {
    const kinds = batch.values('kind');
    mask.fill(0);
    if (!occurs(kinds, batch.rows, MFN_RULES)) return;
    const [mfns, orders, valid] = [batch.values('mfn'), batch.values('order'), batch.validity('mfn')];
    for (let row = 0; row < batch.rows; row++) {
      const rule = MFN_RULES[kinds[row]];
      if (rule === NOT) continue;
      if (mfns[2 * row] === low && mfns[2 * row + 1] === high && isValid(valid, row)) {
        mask[row] = 1;
      } else if (rule === ALL) {
        mask[row] = 1;
      } else if (rule === FRAME_AND_ARG0) {
        const arg0 = batch.values('arg0');
        if (arg0[2 * row] === low && arg0[2 * row + 1] === high && isValid(batch.validity('arg0'), row)) mask[row] = 1;
      } else if (rule !== FRAME && orders[row] > 0 && isValid(valid, row)) {
        const size = 2 ** orders[row];
        const first = frameAt(mfns, row) - (rule === RANGE_BY_LAST ? size - 1 : 0);
        if (mfn >= first && mfn < first + size) mask[row] = 1;
      }
    }
  };
  return { fill };
}

function lockFilter(address: number, lockClass: number): EventFilter {
  const fill = (batch: ColumnBatch, mask: Uint8Array) => {
    const kinds = batch.values('kind');
    mask.fill(0);
    if (!occurs(kinds, batch.rows, LOCK_RULES)) return;
    const column = address >= 0 ? 'lock' : 'lock_class';
    const [wanted, values, valid] = [Math.max(address, lockClass), batch.values(column), batch.validity(column)];
    for (let row = 0; row < batch.rows; row++) {
      const rule = LOCK_RULES[kinds[row]];
      if (rule === NOT) continue;
      if (rule === ALL || (values[row] === wanted && isValid(valid, row))) mask[row] = 1;
    }
  };
  return { fill };
}

/** Events about the domain, and those about pages that it owns, owned, or granted. */
function domainFilter(domid: number): EventFilter {
  const fill = (batch: ColumnBatch, mask: Uint8Array) => {
    const [kinds, domids, owners] = [batch.values('kind'), batch.values('domid'), batch.values('owner')];
    const valid = { domid: batch.validity('domid'), owner: batch.validity('owner') };
    for (let row = 0; row < batch.rows; row++) {
      const named =
        (domids[row] === domid && isValid(valid.domid, row)) || (owners[row] === domid && isValid(valid.owner, row));
      mask[row] = named || kinds[row] === LOST || (kinds[row] === OWNER_SET && wasOwner(batch, row, domid)) ? 1 : 0;
    }
  };
  return { fill };
}

function wasOwner(batch: ColumnBatch, row: number, domid: number): boolean {
  return frameAt(batch.values('arg0'), row) === domid && isValid(batch.validity('arg0'), row);
}

function occurs(kinds: Uint8Array, rows: number, byKind: Uint8Array): boolean {
  for (let row = 0; row < rows; row++) if (byKind[kinds[row]] !== NOT) return true;
  return false;
}

const words = (frame: number): readonly [number, number] => [frame >>> 0, Math.floor(frame / 2 ** 32)];

const frameAt = (column: Uint32Array, row: number): number => column[2 * row + 1] * 2 ** 32 + column[2 * row];
