import type { EventBatch } from '../kernel/event-batch.js';
import { PRESENT } from '../schema/columns.js';
import { KIND, KINDS, type KindName } from '../schema/kinds.js';
import { getU53 } from '../u64.js';

/** Which events of an import become part of the trace; without either, all. */
export interface EventFilter {
  /** Only what these domains are, own or run, and what may concern them: frames of nobody in particular. */
  readonly domains?: readonly number[] | undefined;
  /** Only these kinds, and `lost`. */
  readonly kinds?: readonly KindName[] | undefined;
}

/** True for a row that becomes part of the trace. */
export type ChooseEvent = (batch: EventBatch, row: number) => boolean;

/** Kinds that tell who runs, which domains exist and what became unknown. */
const CONTEXT = new Set<number>([
  KIND.sched_switch,
  KIND.snapshot_vcpu,
  KIND.domain_create,
  KIND.domain_destroy,
  KIND.mark,
]);

/** The choice that a filter makes; undefined if it is for everything. */
export function chooserOf({ domains, kinds }: EventFilter): ChooseEvent | undefined {
  if (domains === undefined && kinds === undefined) return undefined;
  const chosen = Uint8Array.from(KINDS, ({ name }) => (kinds === undefined || kinds.includes(name) ? 1 : 0));
  chosen[KIND.lost] = 1;
  const ofDomains = domains && domainChooser(new Set(domains));
  return (batch, row) => chosen[batch.columns.kind[row]] === 1 && (ofDomains === undefined || ofDomains(batch, row));
}

function domainChooser(domains: ReadonlySet<number>): ChooseEvent {
  return ({ columns: c, present }, row) => {
    const kind = c.kind[row];
    if (kind === KIND.lost || CONTEXT.has(kind)) return true;
    const has = present[row];
    const [isOfDomain, isOwned, isRun] = [has & PRESENT.domid, has & PRESENT.owner, has & PRESENT.cur_domid];
    if (isOfDomain !== 0 && domains.has(c.domid[row])) return true;
    if (isOwned !== 0 && domains.has(c.owner[row])) return true;
    if (isRun !== 0 && domains.has(c.cur_domid[row])) return true;
    if (kind === KIND.owner_set && (has & PRESENT.arg0) !== 0 && domains.has(getU53(c.arg0, row))) return true;
    if (isOfDomain !== 0 || isOwned !== 0) return false;
    // It names no domain: a frame may be theirs, anything else is the running one's.
    return isRun === 0 || (has & PRESENT.mfn) !== 0;
  };
}
