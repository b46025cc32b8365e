/** Reference events of a pcpu after which the table that it holds says nothing of what it takes: an update is a few. */
const TABLE_EVENTS = 64;
/** Those after which an unmap's put comes no more: 32 grants are unmapped before their references are put. */
const UNMAP_EVENTS = 512;

/** An unmap whose put is to come: the reference of that page, and when. */
interface Unmapped {
  readonly slot: number;
  readonly span: number;
  readonly seq: number;
  readonly event: number;
}

/** What one pcpu did last with references, which tells what the next one is for. */
export class RefContext {
  /** Its reference events so far. */
  private events = 0;
  /** The page of the last one, 0 for none, and the reference that it took, 0 for a put. */
  private lastSlot = 0;
  lastTaken = 0;
  /** The page whose type was put right before, 0 for none. */
  private untypedSlot = 0;
  /** The page table that it holds: its mfn, -1 for none. */
  private tableMfn = -1;
  private tableEvent = 0;
  /** The page table whose entries it puts, as the last put shows: its mfn, -1 for none. */
  puttingTable = -1;
  private readonly unmapped: Unmapped[] = [];

  got(slot: number, span: number): void {
    this.events++;
    this.lastSlot = slot;
    this.lastTaken = span;
    this.untypedSlot = 0;
  }

  put(slot: number, mfn: number): void {
    this.events++;
    this.lastSlot = slot;
    this.lastTaken = 0;
    this.untypedSlot = 0;
    if (this.tableMfn === mfn) this.tableMfn = -1;
  }

  /** The reference of the page that it took right before, 0 for none. */
  justTaken(slot: number): number {
    return this.lastSlot === slot ? this.lastTaken : 0;
  }

  typePut(slot: number): void {
    this.untypedSlot = slot;
  }

  /** The page's type was put right before: a general reference goes with it. */
  hasPutType(slot: number): boolean {
    return this.untypedSlot === slot;
  }

  /** It took a reference of a page table, whose entries it is going to change. */
  holdTable(mfn: number): void {
    if (this.table >= 0) return;
    this.tableMfn = mfn;
    this.tableEvent = this.events;
  }

  /** The page table that it holds, whose entries it changes; -1 for none. */
  get table(): number {
    return this.events - this.tableEvent > TABLE_EVENTS ? -1 : this.tableMfn;
  }

  /** What a reference was taken for is unmapped: the put is to come. */
  unmap(slot: number, span: number, seq: number): void {
    this.unmapped.push({ slot, span, seq, event: this.events });
  }

  /** The reference of the page whose unmap waits for its put, 0 for none. */
  awaited(slot: number): { readonly span: number; readonly seq: number } | undefined {
    const { unmapped } = this;
    if (unmapped.length === 0) return undefined;
    if (this.events - unmapped[unmapped.length - 1].event > UNMAP_EVENTS) unmapped.length = 0;
    return unmapped.find(one => one.slot === slot);
  }

  /** That put has come. Unmaps before it that are not put yet never will be: they are put in their order. */
  settle(span: number): void {
    this.unmapped.splice(0, this.unmapped.findIndex(one => one.span === span) + 1);
  }

  forget(): void {
    this.lastSlot = 0;
    this.untypedSlot = 0;
    this.tableMfn = -1;
    this.puttingTable = -1;
    this.unmapped.length = 0;
  }
}

/** Those of all pcpus; who has none shares one. */
export class RefContexts {
  private readonly contexts: RefContext[] = [];

  of(pcpu: number): RefContext {
    this.contexts[pcpu + 1] ??= new RefContext();
    return this.contexts[pcpu + 1];
  }

  forget(): void {
    for (const context of this.contexts) context?.forget();
  }
}
