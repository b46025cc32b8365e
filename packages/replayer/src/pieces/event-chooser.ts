import { type CopiedBatch, getU53, isValid, KIND, KINDS } from '@p2mtrace/trace-format';
import { firstFrame, framesOf } from './frame-owners.js';
import type { PieceFilter, PieceScope } from './piece-scope.js';

/** Kinds that tell who runs, which domains exist and what became unknown: part of every piece by domain. */
const CONTEXT = new Set([
  KIND.sched_switch,
  KIND.snapshot_vcpu,
  KIND.domain_create,
  KIND.domain_destroy,
  KIND.lost,
  KIND.mark,
]);

/** Kinds whose domain, if not recorded, is the running one. */
const OF_RUNNING = new Set([KIND.grant_map, KIND.grant_unmap, KIND.snapshot_grant]);

/** Chooses the events of a piece. */
export class EventChooser {
  private readonly filter: PieceFilter;
  private readonly scope: PieceScope;
  /** Number of events that were not chosen, by kind. */
  private readonly left = new Float64Array(KINDS.length);

  constructor(filter: PieceFilter, scope: PieceScope) {
    this.filter = filter;
    this.scope = scope;
  }

  /** Numbers of the rows from `from` to `to` (exclusive) that belong to the piece, stored in `rows`. */
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

  /** True if it came from the ring of one of the pcpus, if its pcpu is unknown, or if it is a loss. */
  private isOfPcpu({ columns: c, validity: v }: CopiedBatch, row: number): boolean {
    return !isValid(v.pcpu, row) || c.kind[row] === KIND.lost || this.scope.hasPcpu(c.pcpu[row]);
  }

  /** True if it names the domain or frames of the domain, or if it is unknown whom it concerns. */
  private isOfDomain(batch: CopiedBatch, row: number): boolean {
    const { scope } = this;
    if (!scope.choosesDomains) return true;
    const { columns: c, validity: v } = batch;
    const kind = c.kind[row];
    if (CONTEXT.has(kind) || this.namesDomain(batch, row)) return true;
    const frames = framesOf(batch, row);
    if (frames > 0) return scope.hasFrame(firstFrame(batch, row), frames);
    if (isValid(v.domid, row)) return scope.hasDomain(c.domid[row]);
    if (OF_RUNNING.has(kind)) return true;
    if (isValid(v.owner, row) && !scope.hasDomain(c.owner[row])) return false;
    // It names no domain, so it belongs to the one that ran.
    return !isValid(v.cur_domid, row) || scope.hasDomain(c.cur_domid[row]);
  }

  /** True if one of the domains is its subject, owner or former owner of its page, or was running. */
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
