import { P2mError } from '@p2mtrace/trace-format/errors';
import type { Budget } from './budget-options.js';

/** What a command had too little of. */
export type Exceeded = 'memory' | 'time';

/** Says which limit was reached, and how to raise it. */
export function budgetError(exceeded: Exceeded, { memory = 0, timeLimit = 0 }: Budget): P2mError {
  const error = (code: string, what: string, remedy: string) => new P2mError(code, what, { blame: 'limit', remedy });
  return exceeded === 'memory'
    ? error(
        'P2M_MEMORY',
        `the command took more than ${sizeText(memory)} of memory`,
        'raise --memory, 0 for no limit, or ask for less: a piece (p2mtrace trim), fewer rules (--only), fewer rows',
      )
    : error(
        'P2M_TIME_LIMIT',
        `the command took longer than ${timeLimit / 1000} s`,
        'raise --time-limit, 0 for no limit, or ask for less',
      );
}

function sizeText(bytes: number): string {
  return bytes >= 1024 ** 3
    ? `${Number((bytes / 1024 ** 3).toPrecision(3))} GiB`
    : `${Math.round(bytes / 1024 ** 2)} MiB`;
}
