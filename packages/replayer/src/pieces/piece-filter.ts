import { type CopiedBatch, isValid, KIND, KINDS } from '@p2mtrace/trace-format';

/** What of a range a piece has: only what concerns these domains, only these pcpus, or both. */
export interface PieceFilter {
  readonly domains?: readonly number[] | undefined;
  readonly pcpus?: readonly number[] | undefined;
}

/** Owner of the frame that each row of a batch is about, by the state; -1 where that is not asked or not known. */
export type FrameOwners = Int32Array;

/**
 * Kinds that say when and where, and of no domain what: in every piece by domain. (`sched_switch` tells what runs,
 * `lost` what is not known any more.)
 */
const CONTEXT = new Set([KIND.sched_switch, KIND.lost, KIND.mark]);

/**
 * Chooses events. One belongs to a domain if it names it (as its subject, as owner or former owner of a page, as the
 * domain that runs on its pcpu); if it names none and is about a frame that the domain owns; or if it is context.
 * It belongs to a pcpu if its ring held it, or if it has none.
 */
export class EventChooser {
  readonly filter: PieceFilter;
  /** Events that were not chosen, by kind. */
  private readonly left = new Float64Array(KINDS.length);
  private readonly domains: Uint8Array | undefined;
  private readonly pcpus: Uint8Array | undefined;

  constructor(filter: PieceFilter) {
    this.filter = filter;
    this.domains = filter.domains && membersOf(filter.domains);
    this.pcpus = filter.pcpus && membersOf(filter.pcpus);
  }

  /** Numbers of the rows from `from` to `to` (exclusive) that belong to the piece, put into `rows`. */
  choose(
    batch: CopiedBatch,
    from: number,
    to: number,
    owners: FrameOwners | undefined,
    rows: Uint32Array,
  ): Uint32Array {
    const { kind } = batch.columns;
    let count = 0;
    for (let row = from; row < to; row++) {
      if (this.isOfPcpu(batch, row) && this.isOfDomain(batch, row, owners?.[row] ?? -1)) rows[count++] = row;
      else this.left[kind[row]]++;
    }
    return rows.subarray(0, count);
  }

  /** Kinds of which events were left out. */
  leftOut(): string[] {
    return KINDS.filter((_, kind) => this.left[kind] > 0).map(({ name }) => name);
  }

  private isOfPcpu({ columns, validity }: CopiedBatch, row: number): boolean {
    return this.pcpus === undefined || !isValid(validity.pcpu, row) || this.pcpus[columns.pcpu[row]] !== 0;
  }

  private isOfDomain({ columns: c, validity: v }: CopiedBatch, row: number, frameOwner: number): boolean {
    const { domains } = this;
    if (domains === undefined || CONTEXT.has(c.kind[row])) return true;
    if (isValid(v.domid, row) && domains[c.domid[row]] !== 0) return true;
    if (isValid(v.owner, row) && domains[c.owner[row]] !== 0) return true;
    if (isValid(v.cur_domid, row) && domains[c.cur_domid[row]] !== 0) return true;
    if (c.kind[row] === KIND.owner_set && isValid(v.arg0, row) && domains[c.arg0[2 * row]] !== 0) return true;
    return frameOwner >= 0 && domains[frameOwner] !== 0;
  }
}

/** True where only the state can tell whose event it is: it is about a frame, and names no domain. */
export function needsFrameOwner({ validity: v }: CopiedBatch, row: number): boolean {
  return isValid(v.mfn, row) && !isValid(v.domid, row) && !isValid(v.owner, row);
}

function membersOf(ids: readonly number[]): Uint8Array {
  const members = new Uint8Array(0x1_0000);
  for (const id of ids) members[id] = 1;
  return members;
}
