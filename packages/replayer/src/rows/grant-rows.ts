import { type FlagName, flagNames } from '@p2mtrace/trace-format';
import { FOREIGN_MFN, FOREIGN_OWNER, FOREIGN_SEQ } from '../state/foreign-state.js';
import type { XenState } from '../state/xen-state.js';
import { idOrNull, numberOrNull, seqOrNull } from './row-nulls.js';
import type { StateFilter } from './state-rows.js';

/** A frame of one domain that another maps: by a grant, or as foreign. */
export interface GrantRow {
  readonly kind: 'grant' | 'foreign';
  /** The domain that maps; null if unknown. */
  readonly domid: number | null;
  /** The domain that owns the frame. */
  readonly owner: number;
  readonly mfn: number | null;
  readonly gfn: number | null;
  readonly ref: number | null;
  readonly handle: number | null;
  readonly flags: readonly FlagName[];
  readonly since_seq: number | null;
}

/** Mapped grants, oldest first, then foreign mappings by gfn; with a domain, those that it maps or owns. */
export function* grantRows(replayer: XenState, { domid: wanted }: StateFilter = {}): Generator<GrantRow> {
  for (const row of allRows(replayer)) {
    if (wanted === undefined || row.domid === wanted || row.owner === wanted) yield row;
  }
}

function* allRows({ grants, foreign }: XenState): Generator<GrantRow> {
  const before = (seq: number) => (Number.isNaN(seq) ? -1 : seq);
  for (const grant of grants.all().sort((a, b) => before(a.seq) - before(b.seq))) {
    yield {
      kind: 'grant',
      domid: idOrNull(grant.domid),
      owner: grant.owner,
      mfn: idOrNull(grant.mfn),
      gfn: idOrNull(grant.gfn),
      ref: numberOrNull(grant.ref),
      handle: numberOrNull(grant.handle),
      flags: flagNames(grant.flags),
      since_seq: seqOrNull(grant.seq),
    };
  }
  for (const domid of foreign.mappings.domids()) {
    for (const { frame: gfn, record } of foreign.mappings.of(domid).all()) {
      const [mfn, owner, since_seq] = [record[FOREIGN_MFN], record[FOREIGN_OWNER], seqOrNull(record[FOREIGN_SEQ])];
      yield { kind: 'foreign', domid, owner, mfn, gfn, ref: null, handle: null, flags: [], since_seq };
    }
  }
}
