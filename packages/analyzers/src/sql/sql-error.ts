import { P2mError } from '@p2mtrace/trace-format';

const TABLES_REMEDY = 'see the tables with: show tables; and their columns with: describe TABLE';
const FILES_REMEDY = 'SQL here reads the tables of the trace and nothing else; take the rows from the output';

/** A DuckDB error as P2M_SQL, an interrupt as P2M_INTERRUPTED; anything else (a bug in p2mtrace) unchanged. */
export function sqlError(error: unknown): unknown {
  if (!(error instanceof Error) || error.constructor !== Error) return error;
  const text = error.message.replace(/^Failed to extract statements: /, '');
  if (text.startsWith('INTERRUPT')) return interruptedError();
  // Only caches of facts are files that DuckDB reads here unasked.
  if (/Corrupt database file|Could not read enough bytes/i.test(text)) {
    const remedy = 'run it again with --no-cache, and remove the folder TRACE.p2mfacts';
    return new P2mError('P2M_CACHE', `stored facts are damaged: ${text}`, { remedy, cause: error });
  }
  const remedy = /^(Permission|Invalid Configuration) Error|configuration has been locked/.test(text)
    ? FILES_REMEDY
    : /^(Catalog|Binder) Error/.test(text)
      ? TABLES_REMEDY
      : 'correct the SQL';
  return new P2mError('P2M_SQL', text, { blame: 'usage', remedy, cause: error });
}

export function interruptedError(): P2mError {
  return new P2mError('P2M_INTERRUPTED', 'the query was interrupted', { blame: 'usage', remedy: 'run it again' });
}
