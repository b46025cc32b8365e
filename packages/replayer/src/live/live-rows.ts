import {
  BATCH_ROWS,
  BatchBlock,
  type BatchMemory,
  type BatchSink,
  COLUMNS,
  type ColumnName,
  type ColumnSpec,
  type Compression,
  DICTIONARIES,
  DICTIONARY_NAMES,
  type DictionaryName,
  type EventBatch,
  FLAG,
  KIND,
  KINDS,
  type NewNames,
  PRESENT,
  type ReadBatch,
  type RowBatch,
  type TraceMetadata,
  type TraceRows,
} from '@p2mtrace/trace-format';
import { LivePage } from './live-page.js';

/** Pages kept: those that the search for an order may look back at, and those that wait. */
const PAGES = 24;
const MAX_PCPUS = 4096;
const SET_ENTRY = KIND.set_entry;
const VALUES = ['count_info', 'type_info'] as const;

/**
 * The last events of a stream, in memory: a sink for an import, and a trace for a replay. Memory is that of its pages;
 * names grow with the stream.
 */
export class LiveRows implements BatchSink, TraceRows {
  readonly path: string;
  readonly compression: Compression | undefined = undefined;
  readonly names: Record<DictionaryName, string[]>;
  readonly block: BatchBlock;
  /** As known so far; counts of kinds are in it. */
  metadata: TraceMetadata;
  /** Events so far, by kind. */
  readonly counts = new Float64Array(KINDS.length);
  /** Results of writes were recorded, not only attempts. */
  hasResults = false;
  /** Events so far, which is also the seq of the next one. */
  end = 0;
  /** Called when a page is full; rows that are needed no more may go after that. */
  onFull: () => void = () => undefined;
  /** Called with new names, before the rows that use them can be read. */
  onNames: (names: NewNames) => void = () => undefined;
  /** By caller: the symbol that its rows have, -1 for none; and the symbols that rows have without a caller. */
  readonly sites = { symbolOf: new Int32Array(1024).fill(-1), alone: new Set<number>() };
  private readonly kept: LivePage[] = [];
  /** Of full batches, the last of which is `full`. */
  private readonly values = { count_info: 0, type_info: 0 };
  private full: EventBatch | undefined;
  private made = 0;
  private readonly lastTsc = new Float64Array(MAX_PCPUS);
  /** pcpus that have rows, and those that have some of this round. */
  private readonly seen = new Set<number>();
  private readonly active = new Set<number>();

  constructor(metadata: TraceMetadata) {
    this.path = metadata.source;
    this.metadata = metadata;
    this.block = new BatchBlock(BATCH_ROWS, PAGES);
    this.names = Object.fromEntries(DICTIONARY_NAMES.map(name => [name, [...DICTIONARIES[name].names]])) as Record<
      DictionaryName,
      string[]
    >;
  }

  get batches(): readonly LivePage[] {
    return this.kept;
  }
  get rows(): number {
    return this.end - this.start;
  }
  /** seq of the first event that is kept. */
  get start(): number {
    return this.kept[0]?.firstSeq ?? 0;
  }
  get pcpus(): number {
    return this.seen.size;
  }

  acquire(): EventBatch {
    if (this.kept.length === PAGES) this.kept.shift()?.batch.clear();
    this.full = undefined;
    const batch = this.block.batches[this.made % PAGES];
    this.kept.push(new LivePage(batch, this.made++, this.end));
    return batch;
  }

  grow(_: EventBatch, names: NewNames): void {
    for (const [name, added] of Object.entries(names)) this.names[name as DictionaryName].push(...added);
    if (Object.keys(names).length > 0) this.onNames(names);
    const page = this.kept[this.kept.length - 1];
    const from = page.rows;
    page.update();
    this.end = page.firstSeq + page.rows;
    this.look(page, from);
  }

  submit(batch: EventBatch, names: NewNames): void {
    this.grow(batch, names);
    for (const name of VALUES) this.values[name] += batch.count(name);
    this.full = batch;
    this.onFull();
  }

  /** With `memory`, a copy in arrays that no other thread has: DuckDB takes no others. */
  read<C extends ColumnName>(batch: RowBatch, columns: readonly C[], memory?: BatchMemory): ReadBatch<C> {
    const { view } = this.pageOf(batch.firstSeq);
    return memory === undefined ? view : copyOf(view, columns);
  }

  complete(metadata: TraceMetadata): string {
    this.finish(metadata);
    return this.path;
  }
  publish(): void {}
  finish(metadata: TraceMetadata): void {
    this.metadata = metadata;
  }
  abort(): void {}

  /** The page that has the event, or the last one. */
  pageOf(seq: number): LivePage {
    const { kept } = this;
    let at = kept.length - 1;
    while (at > 0 && kept[at].firstSeq > seq) at--;
    return kept[at];
  }

  /** Recorded values of these columns so far. */
  recordedValues(name: 'count_info' | 'type_info'): number {
    const last = this.kept[this.kept.length - 1]?.batch;
    return this.values[name] + (last === undefined || last === this.full ? 0 : last.count(name));
  }

  /** Kinds so far. */
  recorded(): string[] {
    return KINDS.flatMap(({ name }, kind) => (this.counts[kind] > 0 ? [name] : []));
  }

  /** The metadata with the counts so far. */
  counted(): TraceMetadata {
    const counts = Object.fromEntries(
      KINDS.flatMap(({ name }, kind) => (this.counts[kind] > 0 ? [[name, this.counts[kind]]] : [])),
    );
    return { ...this.metadata, counts, hasResults: this.hasResults || this.metadata.hasResults === true };
  }

  /** A pcpu had a row in this round. */
  get isAtWork(): boolean {
    return this.active.size > 0;
  }

  /** From now on, pcpus are at work that have rows from now on. */
  beginRound(): void {
    this.active.clear();
  }

  /**
   * One behind the last row for which all rows are there that may have happened before it: behind it, each pcpu that is
   * at work in this round has another one (docs/order.md). Rows before `from` are settled anyway.
   */
  settled(from: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (const pcpu of this.active) least = Math.min(least, this.lastTsc[pcpu]);
    for (let at = this.kept.length - 1; at >= 0; at--) {
      const { batch, rows, firstSeq } = this.kept[at];
      for (let row = rows - 1; row >= 0; row--) {
        if (firstSeq + row < from) return from;
        if ((batch.present[row] & PRESENT.tsc) === 0) continue;
        if (batch.columns.tsc[2 * row + 1] * 2 ** 32 + batch.columns.tsc[2 * row] <= least) return firstSeq + row + 1;
      }
    }
    return this.end;
  }

  private lookAtSite({ columns, present }: EventBatch, row: number): void {
    const { sites } = this;
    if ((present[row] & PRESENT.caller) === 0) {
      sites.alone.add(columns.symbol[row]);
      return;
    }
    const caller = columns.caller[row];
    if (caller >= sites.symbolOf.length) {
      const larger = new Int32Array(2 ** Math.ceil(Math.log2(caller + 1))).fill(-1);
      larger.set(sites.symbolOf);
      sites.symbolOf = larger;
    }
    if (sites.symbolOf[caller] < 0) sites.symbolOf[caller] = columns.symbol[row];
  }

  private look({ batch, rows }: LivePage, from: number): void {
    const { counts } = this;
    const { kind, pcpu, tsc, flags } = batch.columns;
    const { present } = batch;
    const both = PRESENT.pcpu | PRESENT.tsc;
    let last = -1;
    for (let row = from; row < rows; row++) {
      counts[kind[row]]++;
      if (kind[row] === SET_ENTRY && (flags[row] & FLAG.attempt) === 0) this.hasResults = true;
      if ((present[row] & PRESENT.symbol) !== 0) this.lookAtSite(batch, row);
      if ((present[row] & both) !== both) continue;
      if (pcpu[row] !== last && pcpu[row] < MAX_PCPUS) {
        last = pcpu[row];
        this.active.add(last);
        this.seen.add(last);
      }
      this.lastTsc[last] = tsc[2 * row + 1] * 2 ** 32 + tsc[2 * row];
    }
  }
}

function copyOf<C extends ColumnName>(view: ReadBatch<ColumnName>, names: readonly C[]): ReadBatch<C> {
  const { rows, firstSeq, rawOffsets } = view;
  const columns: Partial<Record<ColumnName, unknown>> = {};
  const validity: Partial<Record<ColumnName, Uint8Array>> = {};
  for (const name of names) {
    const { nullable, type }: ColumnSpec = COLUMNS[name];
    columns[name] = view.columns[name].slice(
      0,
      type === 'bit' || type === 'binary' ? undefined : rows * (type === 'u64' ? 2 : 1),
    );
    if (nullable) validity[name] = view.validity[name].slice();
  }
  return {
    rows,
    firstSeq,
    rawOffsets,
    columns: columns as ReadBatch<C>['columns'],
    validity: validity as ReadBatch<C>['validity'],
  };
}
