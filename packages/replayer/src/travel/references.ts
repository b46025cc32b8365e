import { decodeCountInfo, type LayoutProfile } from '@p2mtrace/trace-format';
import type { TraceEvent } from '../events/event-reader.js';

/** References by who took them; a put drops the last one of its own pcpu, or else the last one. */
export class References {
  /** References taken and dropped. */
  matched = 0;
  private readonly profile: LayoutProfile;
  private readonly taken = { page: [] as TraceEvent[], type: [] as TraceEvent[] };
  private readonly others = new Map<string, number[]>();
  /** PGC_allocated as last recorded. */
  private allocated: boolean | undefined;

  constructor(profile: LayoutProfile) {
    this.profile = profile;
  }

  base({ kind, owner }: TraceEvent): void {
    if (kind === 'page_alloc') this.allocated = owner === undefined ? undefined : true;
  }

  apply(event: TraceEvent): void {
    const { kind, seq } = event;
    const wasAllocated = this.allocated;
    if (typeof event.count_info === 'string') {
      this.allocated = decodeCountInfo(this.profile, BigInt(event.count_info)).bits.includes('allocated');
    }
    if (kind === 'owner_set') this.other('gave the page to another owner', seq);
    else if (kind === 'get_page') this.taken.page.push(event);
    else if (kind === 'get_type') this.takeType(event);
    else if (kind === 'put_type') this.drop('type', event, 'dropped a type reference that the trace did not see taken');
    else if (kind === 'alloc_ref_drop' || (wasAllocated === true && this.allocated === false)) {
      this.other("dropped the allocation's reference", seq);
    } else this.drop('page', event, 'dropped a reference that the trace did not see taken');
  }

  /** Seqs of the references that are left, by role. */
  left(): Map<string, number[]> {
    const seqs = (events: readonly TraceEvent[]) => events.map(({ seq }) => seq);
    return new Map([
      ['took a reference, not dropped', seqs(this.taken.page)],
      ['took a type reference, not dropped', seqs(this.taken.type)],
      ...this.others,
    ]);
  }

  private takeType(event: TraceEvent): void {
    if (typeof event.rc !== 'number' || event.rc >= 0) this.taken.type.push(event);
  }

  private drop(what: 'page' | 'type', event: TraceEvent, role: string): void {
    const taken = this.taken[what];
    const mine = taken.findLastIndex(({ pcpu }) => pcpu === event.pcpu);
    if (taken.length === 0) {
      this.other(role, event.seq);
    } else {
      taken.splice(mine < 0 ? taken.length - 1 : mine, 1);
      this.matched++;
    }
  }

  private other(role: string, seq: number): void {
    this.others.set(role, [...(this.others.get(role) ?? []), seq]);
  }
}
