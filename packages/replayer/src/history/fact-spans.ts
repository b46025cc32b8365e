import { hex, type TraceReader } from '@p2mtrace/trace-format';
import { siteAddress, siteSymbol } from '../batch/call-site.js';
import { lockIndex, type Subject, viewIndex } from '../events/subject.js';
import type { FactArray, FactColumnSpec, FactSpec } from '../facts/fact-columns.js';
import type { FactChunk, FactSink } from '../facts/fact-sink.js';
import { FACT_SPECS } from '../facts/fact-specs.js';

export type Detail = string | number | boolean;

/** A fact about a subject: what it is, and between which events it held. */
export interface FactSpan {
  /** The table without its ending: mapping, page, ref, lock, lookup, breach. */
  readonly what: string;
  /** The event that began it, null if it was there before the trace. */
  readonly from: number | null;
  /** The event that ended it; null if nothing has. */
  readonly to: number | null;
  /** Values by column; absent ones are left out, frames are in hex, indices are replaced by names. */
  readonly details: Readonly<Record<string, Detail>>;
}

/** Columns that say when and by whom, which the span itself says, and those that only make sense to other rows. */
const NO_DETAIL = /^(?:(?:from|to)_(?:seq|tsc|pcpu|caller)|tsc|seq|pcpu|caller|protected_to|id|outer|blocker)$/;
/** Not part of a history: these are judgements about what happened. */
const LEFT_OUT = new Set<string>(['breaches']);
/** Columns that end a row of some tables; others have none. */
const END_COLUMNS = ['to_seq', 'protected_to', 'seq'];

type Columns = Readonly<Record<string, FactArray>>;
type Matches = (columns: Columns, row: number) => boolean;

/**
 * Receives the facts of a replay and keeps those about a subject. A table's columns decide whether it has any, so new
 * tables are covered without changes here.
 */
export class FactSpans implements FactSink {
  readonly wanted: readonly string[];
  readonly spans: FactSpan[] = [];
  private readonly names: TraceReader['names'];
  private readonly subject: Subject;
  private readonly tables: ReadonlyMap<string, SpanTable>;

  /** @throws P2mError P2M_VIEW, P2M_SUBJECT (usage) for a view or lock that the trace does not have */
  constructor(names: TraceReader['names'], subject: Subject) {
    this.names = names;
    this.subject = subject;
    const included = FACT_SPECS.filter(({ name }) => !LEFT_OUT.has(name));
    const tables = included.map(spec => spanTable(spec, names, subject)).filter(table => table !== undefined);
    this.tables = new Map(tables.map(table => [table.spec.name, table]));
    this.wanted = [...this.tables.keys()];
  }

  take(chunk: FactChunk): void {
    const table = this.tables.get(chunk.table);
    if (table === undefined) return;
    const columns: Columns = chunk.columns;
    for (let row = 0; row < chunk.rows; row++) {
      if (table.matches(columns, row)) this.spans.push(this.span(table, columns, row));
    }
  }

  private span({ spec, from, to }: SpanTable, columns: Columns, row: number): FactSpan {
    const details: Record<string, Detail> = {};
    for (const column of spec.columns) {
      if (NO_DETAIL.test(column.name)) continue;
      const value = detail(column, columns[column.name], row, this.names);
      if (value !== undefined && !this.isInSubject(column.name, value)) details[column.name] = value;
    }
    return {
      what: spec.name.replace(/_spans$|(?<=ch)es$|s$/, ''),
      from: seqOf(columns[from], row),
      to: seqOf(columns[to], row),
      details,
    };
  }

  /** True for a value that the subject itself already gives. */
  private isInSubject(column: string, value: Detail): boolean {
    const { subject } = this;
    switch (column) {
      case 'domid':
        return 'domid' in subject && subject.domid === value;
      case 'gfn':
        return subject.about === 'gfn' && value === hex(subject.gfn);
      case 'mfn':
        return subject.about === 'mfn' && value === hex(subject.mfn);
      case 'lock':
        return subject.about === 'lock' && value === subject.lock;
      default:
        return false;
    }
  }
}

interface SpanTable {
  readonly spec: FactSpec;
  readonly from: string;
  readonly to: string;
  readonly matches: Matches;
}

/** undefined for a table whose rows have no beginning or are not about such a subject. */
function spanTable(spec: FactSpec, names: TraceReader['names'], subject: Subject): SpanTable | undefined {
  const has = (name: string) => spec.columns.some(column => column.name === name);
  const from = ['from_seq', 'seq'].find(has);
  const to = END_COLUMNS.find(has);
  const matches = matcher(has, names, subject);
  return from === undefined || to === undefined || matches === undefined ? undefined : { spec, from, to, matches };
}

function matcher(has: (column: string) => boolean, names: TraceReader['names'], subject: Subject): Matches | undefined {
  const ordered = has('order');
  const covers = (column: string, frame: number): Matches =>
    ordered
      ? (c, row) => frame >= c[column][row] && frame < c[column][row] + 2 ** c.order[row]
      : (c, row) => c[column][row] === frame;
  switch (subject.about) {
    case 'mfn':
      return has('mfn') ? covers('mfn', subject.mfn) : undefined;
    case 'gfn': {
      if (!has('gfn') || !has('domid')) return undefined;
      const { domid, view } = subject;
      const index = view === undefined || !has('view') ? -1 : viewIndex(names, view);
      const gfn = covers('gfn', subject.gfn);
      return (c, row) => c.domid[row] === domid && (index < 0 || c.view[row] === index) && gfn(c, row);
    }
    case 'lock': {
      if (!has('lock')) return undefined;
      const { address, lockClass } = lockIndex(names, subject.lock);
      if (address < 0 && !has('lock_class')) return undefined;
      return address >= 0 ? (c, row) => c.lock[row] === address : (c, row) => c.lock_class[row] === lockClass;
    }
    case 'domain': {
      const { domid } = subject;
      const columns = ['domid', 'owner'].filter(has);
      return columns.length === 0 ? undefined : (c, row) => columns.some(column => c[column][row] === domid);
    }
  }
}

function seqOf(values: FactArray, row: number): number | null {
  return Number.isNaN(values[row]) ? null : values[row];
}

/** undefined for null, and for false. */
function detail(spec: FactColumnSpec, values: FactArray, row: number, names: TraceReader['names']): Detail | undefined {
  const value = values[row];
  switch (spec.type) {
    case 'u53':
      if (Number.isNaN(value)) return undefined;
      return /(?:gfn|mfn)$/.test(spec.name) ? hex(value) : value;
    case 'bool':
      return value === 0 ? undefined : true;
    case 'enum':
      return value < 0 ? undefined : (spec.names?.[value] ?? value);
    case 'id':
      return value < 0 ? undefined : (nameOf(spec.name, value, names) ?? value);
    default: {
      const pair = (BigInt(values[2 * row + 1]) << 32n) | BigInt(values[2 * row]);
      return pair === 0n ? undefined : hex(pair);
    }
  }
}

/** The name of an index, by the name of its column. */
function nameOf(column: string, index: number, names: TraceReader['names']): string | undefined {
  if (/(?:^|_)view$/.test(column)) return names.view[index];
  if (/(?:^|_)lock$/.test(column)) return names.lock[index];
  if (/(?:^|_)lock_class$/.test(column)) return names.lock_class[index];
  return /(?:^|_)caller$/.test(column) ? (siteAddress(names, index) ?? siteSymbol(names, index)) : undefined;
}
