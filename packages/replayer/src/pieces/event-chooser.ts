import { type CopiedBatch, getU53, isValid, KIND, KINDS } from '@p2mtrace/trace-format';
import { firstFrame, framesOf } from './frame-owners.js';
import type { PieceFilter, PieceScope } from './piece-scope.js';

/** Kinds that say who runs, who lives and what is not known any more: in every piece by domain. */
const CONTEXT = new Set([
  KIND.sched_switch,
  KIND.snapshot_vcpu,
  KIND.domain_create,
  KIND.domain_destroy,
  KIND.lost,
  KIND.mark,
]);

/** Kinds whose `domid` is the one that runs, where it was not recorded. */
const OF_RUNNING = new Set([KIND.grant_map, KIND.grant_unmap, KIND.snapshot_grant]);

/** Chooses the events of a piece. */
export class EventChooser {
  private readonly filter: PieceFilter;
  private readonly scope: PieceScope;
  /** Events that were not chosen, by kind. */
  private readonly left = new Float64Array(KINDS.length);

  constructor(filter: PieceFilter, scope: PieceScope) {
    this.filter = filter;
    this.scope = scope;
  }

  /** Numbers of the rows from `from` to `to` (exclusive) that belong to the piece, put into `rows`. */
  choose(batch: CopiedBatch, from: number, to: number, rows: Uint32Array): Uint32Array {
    const { keep } = this.filter;
    const { kind } = batch.columns;
    let count = 0;
    for (let row = from; row < to; row++) {
      const isOf = this.isOfPcpu(batch, row) && this.isOfDomain(batch, row);
      if (isOf && (keep === undefined || keep(batch.firstSeq + row))) rows[count++] = row;
      else this.left[kind[row]]++;
    }
    return rows.subarray(0, count);
  }

  /** Kinds of which events were left out. */
  leftOut(): string[] {
    return KINDS.filter((_, kind) => this.left[kind] > 0).map(({ name }) => name);
  }

  /** Its ring held it, or nobody knows whose; after a loss nobody knows anything. */
  private isOfPcpu({ columns: c, validity: v }: CopiedBatch, row: number): boolean {
    return !isValid(v.pcpu, row) || c.kind[row] === KIND.lost || this.scope.hasPcpu(c.pcpu[row]);
  }

  /** It names the domain; it is about frames of the domain; or it can't be told whom it concerns. */
  private isOfDomain(batch: CopiedBatch, row: number): boolean {
    const { scope } = this;
    if (!scope.asksDomain) return true;
    const { columns: c, validity: v } = batch;
    const kind = c.kind[row];
    if (CONTEXT.has(kind) || this.namesDomain(batch, row)) return true;
    const frames = framesOf(batch, row);
    if (frames > 0) return scope.hasFrame(firstFrame(batch, row), frames);
    if (isValid(v.domid, row)) return scope.hasDomain(c.domid[row]);
    if (OF_RUNNING.has(kind)) return true;
    if (isValid(v.owner, row) && !scope.hasDomain(c.owner[row])) return false;
    // It names nobody: whoever ran there did it.
    return !isValid(v.cur_domid, row) || scope.hasDomain(c.cur_domid[row]);
  }

  /** One of the domains is its subject, owner or former owner of its page, or ran there. */
  private namesDomain({ columns: c, validity: v }: CopiedBatch, row: number): boolean {
    const { scope } = this;
    return (
      (isValid(v.domid, row) && scope.names(c.domid[row])) ||
      (isValid(v.owner, row) && scope.names(c.owner[row])) ||
      (isValid(v.cur_domid, row) && scope.names(c.cur_domid[row])) ||
      (c.kind[row] === KIND.owner_set && isValid(v.arg0, row) && scope.names(getU53(c.arg0, row)))
    );
  }
}
