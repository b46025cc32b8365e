import type { Table } from '@p2mtrace/ui';
import { resultAnswer } from './table-answer.js';
import type { TraceModel } from './trace-model.js';

/** Limits of a query, as options of `p2mtrace sql`. */
export interface SqlLimits {
  readonly memoryLimit: string;
  /** Milliseconds. */
  readonly timeout: number;
}

/** What `p2mtrace sql` answers. @throws P2mError what it says */
export function sqlAnswer(
  models: readonly TraceModel[],
  sql: string,
  { memoryLimit, timeout }: SqlLimits,
  signal: AbortSignal,
): Promise<Table> {
  const args = models.map(({ reader }) => reader.path);
  const options = ['--memory-limit', memoryLimit, '--timeout', `${timeout}ms`, '-f', '-'];
  return resultAnswer({ command: 'sql', options, args }, { stdin: sql, signal });
}
