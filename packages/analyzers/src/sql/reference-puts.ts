import { FactStore, REF_SPANS } from '@p2mtrace/replayer';
import type { TraceReader } from '@p2mtrace/trace-format';
import type { ColumnSource } from './column-source.js';
import { factsForSql } from './fact-sql.js';
import { storeFacts, type TableGroup } from './trace-tables.js';

/** References, and who took and put them: some columns of ref_spans. */
export const REFERENCE_PUTS = 'reference_puts';
const COLUMNS = ['mfn', 'generation', 'through', 'from_caller', 'to_caller', 'to_seq'] as const;
const WANTED = COLUMNS.map(column => `${REF_SPANS.name}.${column}`);

/**
 * For rules that name a function by what others did. It is asked for only where something was found, so it has a replay of
 * its own: kept for every trace, it would take more memory than all other facts that rules need. Without a reader, as of
 * a stream whose events are gone, it is empty.
 */
export function referencePuts(reader?: TraceReader): TableGroup {
  const store = () => (reader === undefined ? new FactStore(WANTED) : storeFacts(reader, WANTED));
  const compute = (): ColumnSource[] => [{ ...factsForSql(store(), REF_SPANS), name: REFERENCE_PUTS }];
  return { names: [REFERENCE_PUTS], compute };
}
