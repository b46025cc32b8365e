import { isValid, type ReadBatch } from '../read/read-batch.js';
import type { TraceReader } from '../read/reader.js';
import { COLUMN_NAMES, type ColumnName } from '../schema/columns.js';
import { getU53 } from '../u64.js';
import { encodeValue } from './encode-value.js';
import { EVENT_FIELDS, type EventField } from './event-fields.js';

/** Writes the rows of one batch as lines; the inverse of EventDecoder. */
export class EventEncoder {
  private readonly batch: ReadBatch<ColumnName>;
  private readonly names: TraceReader['names'];
  /** By kind: the fields that at least one row of the batch has, so that most columns need no look at every row. */
  private readonly fields: (readonly EventField[] | undefined)[] = [];
  private readonly used: ReadonlySet<ColumnName>;

  constructor(batch: ReadBatch<ColumnName>, names: TraceReader['names']) {
    this.batch = batch;
    this.names = names;
    this.used = new Set(COLUMN_NAMES.filter(name => batch.validity[name]?.some(byte => byte !== 0) ?? true));
  }

  /** The line of a row, without a newline. A column that the kind can't have is written under its own name. */
  encode(row: number): string {
    const { batch, names } = this;
    const kind = batch.columns.kind[row];
    let line = `{"seq":${getU53(batch.columns.seq, row)},"kind":"${EVENT_FIELDS[kind].kind.name}"`;
    for (const field of this.fieldsOf(kind)) {
      if (this.isShown(field, row)) line += `,"${field.name}":${encodeValue(field, batch, row, names)}`;
    }
    return `${line}}`;
  }

  /** seq and name of the kind of a row, for other lines than these. */
  seq(row: number): number {
    return getU53(this.batch.columns.seq, row);
  }
  kind(row: number): string {
    return EVENT_FIELDS[this.batch.columns.kind[row]].kind.name;
  }

  /** The other fields that a row has, as `encode` writes them: their names, and their values as JSON. */
  forEachField(row: number, visit: (name: string, json: string) => void): void {
    const { batch, names } = this;
    for (const field of this.fieldsOf(batch.columns.kind[row])) {
      if (this.isShown(field, row)) visit(field.name, encodeValue(field, batch, row, names));
    }
  }

  private isShown({ column }: EventField, row: number): boolean {
    return column === 'tsc_own' ? !this.hasDefaultOwn(row) : isValid(this.batch.validity[column], row);
  }

  private fieldsOf(kind: number): readonly EventField[] {
    const { fields, strays } = EVENT_FIELDS[kind];
    this.fields[kind] ??= [...fields, ...strays].filter(field => this.used.has(field.column));
    return this.fields[kind];
  }

  /** True if `tsc_own` need not be written: the default is that the record had its TSC, if the row has one. */
  private hasDefaultOwn(row: number): boolean {
    return isValid(this.batch.columns.tsc_own, row) === isValid(this.batch.validity.tsc, row);
  }
}
