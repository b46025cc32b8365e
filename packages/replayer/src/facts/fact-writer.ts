import type { FactSpec } from './fact-columns.js';
import { type FactSink, wantsFacts } from './fact-sink.js';
import { FactTable } from './fact-table.js';

/** All fact tables of a replay, and the sink behind them. */
export class FactWriter {
  readonly tables: FactTable[] = [];
  private readonly sink: FactSink | undefined;

  constructor(sink?: FactSink) {
    this.sink = sink;
  }

  /** Somebody wants rows of the table. */
  wants(spec: FactSpec): boolean {
    return this.sink !== undefined && wantsFacts(this.sink, spec);
  }

  /** Makes a table whose rows go to the sink. */
  table<const S extends FactSpec>(spec: S): FactTable<S> {
    const table = new FactTable(spec, this.sink);
    this.tables.push(table as unknown as FactTable);
    return table;
  }

  /** Hands over what is complete. */
  flush(): void {
    for (const table of this.tables) table.flush();
  }

  /** The trace ends: hands over every row that was not yet, open ones as they are. */
  finish(): void {
    for (const table of this.tables) table.finish();
  }
}
