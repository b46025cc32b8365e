import type { GfnEntry, SubjectState } from '@p2mtrace/replayer';
import { hex } from '@p2mtrace/trace-format';
import { fieldsText } from './fields.js';

/** The state of a gfn, an mfn or a lock in lines. */
export function subjectLines(state: SubjectState): string[] {
  switch (state.about) {
    case 'gfn':
      return state.entries.map(entryLine);
    case 'mfn': {
      const { mfn: _mfn, count_info: _count, type_info: _type, state: life, ...page } = state.page;
      return [
        `page: ${life} ${fieldsText(page)}`.trimEnd(),
        `M2P: ${state.m2p === null ? 'unknown' : typeof state.m2p === 'number' ? hex(state.m2p) : state.m2p}`,
        ...state.mappings.map(({ domid, view, gfn }) => `mapped: ${domid}:${hex(gfn)} (${view})`),
        ...(state.mappings.length === 0 ? ['mapped: by no entry that is known'] : []),
      ];
    }
    case 'lock':
      if (state.holders.length === 0) return [`${state.lock}: held by nobody that is known`];
      return [
        ...(state.more === undefined ? [] : [`${state.lock}: ${state.more} acquisitions more, before these`]),
        ...state.holders.map(
          ({ pcpu, mode, since_seq }) => `${state.lock}: held by pcpu ${pcpu} (${mode}) since #${since_seq}`,
        ),
      ];
  }
}

function entryLine({ view, known, ...entry }: GfnEntry): string {
  return known === 'entry' ? `${view}: ${fieldsText(entry, 'none')}` : `${view}: ${known}`;
}
