import { FACT_SPECS, type FactSelection } from '@p2mtrace/replayer';
import { mentions } from './session.js';

/** `from TABLE` without a select also takes all columns. */
const fromFirst = (table: string) => new RegExp(`(?:^|[(;])\\s*from\\s+${table}\\b`, 'i');

/**
 * The facts that queries need: the tables and columns that they name. A `*`, other than in `count(*)`, means all
 * columns of the query's tables.
 */
export function mentionedFacts(queries: readonly string[]): FactSelection {
  return FACT_SPECS.flatMap(({ name: table, columns }) => {
    const asking = queries.filter(sql => mentions(sql, table));
    if (asking.some(sql => sql.replaceAll('count(*)', '').includes('*') || fromFirst(table).test(sql))) return [table];
    return columns.filter(({ name }) => asking.some(sql => mentions(sql, name))).map(({ name }) => `${table}.${name}`);
  });
}
