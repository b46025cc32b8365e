import type { Table } from '@p2mtrace/ui';
import { tableAnswer } from './table-answer.js';
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
  const paths = models.map(({ reader }) => reader.path);
  const limits = ['--memory-limit', memoryLimit, '--timeout', `${timeout}ms`];
  return tableAnswer(['sql', ...paths, ...limits, '-f', '-'], { stdin: sql, signal });
}
