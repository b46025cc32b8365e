import { FACT_SPECS, type FactSelection } from '@p2mtrace/replayer';

/** `select *`, or `from TABLE` without a select: columns that the text does not name. */
const ALL_COLUMNS = /(?<!count\()\*/i;
const fromFirst = (table: string) => new RegExp(`(?:^|[(;])\\s*from\\s+${table}\\b`, 'i');
const mentions = (sql: string, name: string) => new RegExp(`(?<!\\w)${name}(?!\\w)`, 'i').test(sql);

/** The facts that queries may read: a replay need keep no others. What only looks like a name of one is kept too. */
export function wantedFacts(queries: readonly string[]): FactSelection {
  return FACT_SPECS.flatMap(({ name: table, columns }) => {
    const reading = queries.filter(sql => mentions(sql, table));
    if (reading.some(sql => ALL_COLUMNS.test(sql) || fromFirst(table).test(sql))) return [table];
    const named = columns.filter(({ name }) => reading.some(sql => mentions(sql, name)));
    return named.map(({ name }) => `${table}.${name}`);
  });
}
