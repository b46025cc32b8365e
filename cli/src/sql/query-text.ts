import { existsSync, readFileSync } from 'node:fs';
import { usageError } from '@p2mtrace/trace-format';

/**
 * Splits the arguments: traces, then the query, unless a file has it. A last argument that names a file, or looks like
 * the name of a trace, is not a query.
 * @throws P2mError P2M_USAGE if there is no trace
 */
export function tracesAndQuery(
  words: readonly string[],
  file: string | undefined,
): { readonly traces: readonly string[]; readonly query: string | undefined } {
  const last = words.at(-1) ?? '';
  const isTrace = file !== undefined || existsSync(last) || /^\S+\.arrow$/.test(last);
  const traces = isTrace ? words : words.slice(0, -1);
  if (traces.length === 0) {
    const what = last === '' ? 'no trace is named' : `${last}: there is no such trace`;
    throw usageError('P2M_USAGE', what, 'p2mtrace sql TRACE… "select …"');
  }
  return { traces, query: isTrace ? undefined : last };
}

/**
 * The query in a file, `-` for stdin, which is also read if it is not a terminal. undefined if the user is to type it.
 * @throws P2mError P2M_SQL_FILE (usage)
 */
export function queryFrom(file: string | undefined): string | undefined {
  if (file === undefined && process.stdin.isTTY) return undefined;
  const path = file ?? '-';
  try {
    return readFileSync(path === '-' ? process.stdin.fd : path, 'utf8');
  } catch (error) {
    throw usageError('P2M_SQL_FILE', `the query can't be read: ${(error as Error).message}`, 'check the path of -f');
  }
}
