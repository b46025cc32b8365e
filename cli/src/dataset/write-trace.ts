import { statSync } from 'node:fs';
import { join } from 'node:path';
import { openTraceSession, quotedName, TraceSession, textLiteral } from '@p2mtrace/analyzers';
import type { FactStore } from '@p2mtrace/replayer';
import type { TraceReader } from '@p2mtrace/trace-format';
import { hash } from './names.js';
import { type DatasetTable, OWN_TABLES } from './own-tables.js';
import type { Entry } from './part.js';
import { DATASET_TABLES, TRACE_PART } from './tables.js';
import { type Row, withRows, writeSelect } from './write-rows.js';

/** Facts of longer traces are made a few tables at a time: all at once, they take some 200 bytes an event. */
export const AT_ONCE = 2 ** 22;
const FEW_TABLES = 4;

/** Stands for the columns that this version writes. */
export const SHAPE = hash(JSON.stringify(DATASET_TABLES.map(({ name, columns }) => [name, columns.map(shapeOf)])), 8);

function shapeOf({ name, type }: DatasetTable['columns'][number]) {
  return [name, type];
}

/** What all rows of a trace have. */
export interface TraceLabels {
  readonly trace: string;
  readonly host: string | null;
  readonly xenVersion: string | null;
}

/**
 * Writes the tables of a trace into `folder`, each as `TABLE.parquet`; one without rows has no file. Returns what an entry
 * has of them.
 * @param rows of the tables that its judgement adds
 * @param facts all of the trace, if it was replayed before
 * @throws P2mError P2M_WRITE (usage), P2M_DAMAGED
 */
export async function writeTrace(
  reader: TraceReader,
  rows: Readonly<Record<string, readonly Row[]>>,
  labels: TraceLabels,
  folder: string,
  facts: FactStore | undefined,
): Promise<Entry['tables']> {
  const tables: Entry['tables'] = {};
  for (const group of groupsOf(reader.rows)) {
    // One thread: other workers have the other cores. Order and names are the same each time.
    const session = await openTraceSession(reader, {
      files: true,
      threads: 1,
      tempDirectory: folder,
      facts: [facts],
    });
    try {
      // All of them are made in one replay: SQL that mentions a table asks for it, even in a comment.
      await session.runAll(`select 1 -- ${group.map(({ name }) => name).join(' ')}`);
      for (const table of group) await write(session, table, `from ${table.name}`);
    } finally {
      await session.close();
    }
  }
  const session = await TraceSession.open({ files: true, threads: 1 });
  try {
    for (const table of OWN_TABLES) {
      await withRows(rows[table.name] ?? [], table.columns, folder, select => write(session, table, select));
    }
  } finally {
    await session.close();
  }
  return tables;

  async function write(session: TraceSession, table: DatasetTable, from: string): Promise<void> {
    const path = join(folder, `${table.name}.parquet`);
    const columns = table.columns.map(({ name, type }) => `${quotedName(name)}::${type} as ${quotedName(name)}`);
    const same = Object.entries({ trace: labels.trace, host: labels.host, xen_version: labels.xenVersion }).map(
      ([name, value]) => `${value === null ? 'null' : textLiteral(value)}::VARCHAR as ${name}`,
    );
    const count = await writeSelect(session, table, `select ${[...columns, ...same].join(', ')} ${from}`, path);
    if (count > 0) tables[table.name] = { bytes: statSync(path).size, rows: count };
  }
}

function groupsOf(events: number): (readonly DatasetTable[])[] {
  if (events <= AT_ONCE) return [TRACE_PART];
  const groups: DatasetTable[][] = [];
  for (let i = 0; i < TRACE_PART.length; i += FEW_TABLES) groups.push(TRACE_PART.slice(i, i + FEW_TABLES));
  return groups;
}
