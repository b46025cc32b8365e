import { P2mError, TraceReader, validateTrace } from '@p2mtrace/trace-format';
import { batchRowsOf, type FullRow } from './rows.js';

export interface Outcome {
  /** What the reader and the validator said: codes, none where they found nothing. */
  readonly reader: string | undefined;
  readonly validator: string | undefined;
  readonly rows: FullRow[];
}

/** Opens and reads all that can be read, and validates; anything but a P2mError is thrown. */
export function look(file: string): Outcome {
  const rows: FullRow[] = [];
  const reader = codeOf(() => {
    const trace = TraceReader.open(file);
    try {
      for (const { index } of trace.batches) rows.push(...batchRowsOf(trace, index));
      return trace.damage?.code;
    } finally {
      trace.close();
    }
  });
  const validator = codeOf(() => {
    const report = validateTrace(file);
    if (report.whole !== (report.problems.length === 0)) throw new Error('a report that contradicts itself');
    return report.problems[0]?.code;
  });
  return { reader, validator, rows };
}

function codeOf(run: () => string | undefined): string | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof P2mError)) throw error;
    return error.code;
  }
}
