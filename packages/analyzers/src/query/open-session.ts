import { basename } from 'node:path';
import type { FactStore } from '@p2mtrace/replayer';
import type { TraceReader } from '@p2mtrace/trace-format';
import type { ColumnSource } from '../sql/column-source.js';
import { eventsSource, type OnRows } from '../sql/events-source.js';
import { TraceSession } from '../sql/session.js';
import { quotedName, type SqlOptions, textLiteral } from '../sql/sql-connection.js';
import { factTables, nameTables, storeFacts, type TableGroup, wholeTraceTables } from '../sql/trace-tables.js';
import { type FactCache, KEPT } from './fact-cache.js';
import { type SqlModule, standardLibrary } from './sql-modules.js';

export interface TraceSessionOptions extends SqlOptions {
  /** Facts stored on disk, by trace (in the order of the traces). */
  readonly caches?: readonly (FactCache | undefined)[];
  /** Facts of an earlier replay, all of them, by trace. */
  readonly facts?: readonly (FactStore | undefined)[];
  /** Modules of views and macros in addition to the standard library. */
  readonly modules?: readonly SqlModule[];
  /** Ticks per second, instead of what the traces say. */
  readonly tscHz?: number | undefined;
  /** Called with facts that were replayed and the index of their trace, so that they can be stored. */
  readonly onFacts?: (trace: number, table: ColumnSource) => void;
  /** Called while a query reads the events of a trace, with the number of those it has passed. */
  readonly onEvents?: OnRows;
  /** Called while facts are replayed, with the number of events that are behind. */
  readonly onReplayed?: OnRows;
}

/**
 * A session with everything that SQL can query in one or more traces: `events`, the fact tables, the small tables with
 * names for indices in facts (callers, locks, lock_classes, views), what was recorded, and the standard library. All tables have a column
 * `trace`: the name of the trace's file. Facts are replayed when a query first needs them.
 * @throws P2mError what opening a session throws
 */
export async function openTraceSession(
  traces: TraceReader | readonly TraceReader[],
  options: TraceSessionOptions = {},
): Promise<TraceSession> {
  const readers: readonly TraceReader[] = 'rows' in traces ? [traces] : traces;
  const { caches = [], facts = [], modules = [], tscHz, onFacts, onEvents, onReplayed } = options;
  const kept = new Map<string, string>();
  const attach = caches.flatMap((cache, trace) =>
    factTables(noFacts).names.flatMap(table => {
      const path = cache?.file(table);
      if (path === undefined) return [];
      const name = `kept_${trace}_${table}`;
      kept.set(`${trace} ${table}`, name);
      const onFailure = (why: string) => {
        kept.delete(`${trace} ${table}`);
        cache?.putAside(path, why);
      };
      return [{ path, name, onFailure }];
    }),
  );
  const session = await TraceSession.open({ ...options, attach });
  const names = traceNames(readers);
  /** One view over the same table of all traces. */
  const union = (table: string, selects: readonly string[]) =>
    session.define(
      `create view ${quotedName(table)} as ${selects
        .map((select, trace) => `select *, ${textLiteral(names[trace])} as trace from (${select})`)
        .join(' union all by name ')}`,
    );
  const add = (groupOf: (reader: TraceReader, trace: number) => TableGroup) =>
    session.addLazy(groupOf(readers[0], 0).names, async tables => {
      const selects = new Map(tables.map(table => [table, Array<string>(readers.length)]));
      for (const [trace, reader] of readers.entries()) {
        const missing = tables.filter(table => !kept.has(`${trace} ${table}`));
        for (const source of missing.length === 0 ? [] : groupOf(reader, trace).compute(missing)) {
          selects.get(source.name)![trace] = session.select(source, `scan_${source.name}_${trace}`);
          if ('scan' in source) onFacts?.(trace, source);
        }
        for (const table of tables) {
          const name = kept.get(`${trace} ${table}`);
          if (name !== undefined) selects.get(table)![trace] = `from ${quotedName(name)}.${KEPT}`;
        }
      }
      for (const table of tables) await union(table, selects.get(table)!);
    });
  await union(
    'events',
    readers.map((reader, trace) => session.select(eventsSource(reader, 'events', onEvents), `scan_events_${trace}`)),
  );
  add((reader, trace) => factTables(tables => facts[trace] ?? storeFacts(reader, tables, onReplayed)));
  for (const [i] of nameTables(readers[0]).entries()) add(reader => nameTables(reader, tscHz)[i]);
  add(wholeTraceTables);
  for (const { definitions } of [...standardLibrary(), ...modules]) {
    for (const { name, sql } of definitions) session.addLazySql(name, sql);
  }
  return session;
}

function noFacts(): never {
  throw new Error('only the names are asked for');
}

/** File names, or paths if file names do not tell the traces apart. */
export function traceNames(readers: readonly TraceReader[]): string[] {
  const paths = readers.map(({ path }) => path);
  const names = paths.map(path => basename(path));
  return new Set(names).size === names.length ? names : paths;
}
