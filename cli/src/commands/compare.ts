import { join } from 'node:path';
import { P2mError } from '@p2mtrace/trace-format/errors';
import { withScratchFolder } from '@p2mtrace/trace-format/output';
import type { AuditSettings } from '../audit/audit-task.js';
import { auditTrace, prepare } from '../audit/audit-trace.js';
import { compareFindings, compareMetrics } from '../audit/compare-results.js';
import type { TraceResult } from '../audit/trace-result.js';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { jsonDocument } from '../render/json.js';
import { Progress } from '../render/progress.js';
import { writeRows } from '../render/rows.js';
import { sayDoubts } from '../strict.js';

interface Options extends AuditSettings {
  readonly progress?: string;
  readonly format: 'pretty' | 'json';
  readonly failOn: 'error' | 'warning' | 'none';
}

export const run: Run<readonly [string, string], Options> = async (paths, options, context) => {
  const { out } = context;
  await prepare(options);
  const progress = new Progress(context, options.progress, 'events replayed');
  const done = paths.map(() => 0);
  const [before, after] = await withScratchFolder(folder =>
    Promise.all(
      paths.map((path, i) =>
        judged(path, join(folder, `${i}.arrow`), options, events => {
          done[i] = events;
          progress.update(done.reduce((sum, one) => sum + one));
        }),
      ),
    ),
  ).finally(() => progress.end());
  const findings = compareFindings(before, after);
  const metrics = compareMetrics(before, after);
  if (options.format === 'json') await out.write(jsonDocument({ findings, metrics }, 1));
  else {
    const columns = ['state', 'severity', 'rule', 'before', 'after', 'id', 'signature'] as const;
    await writeRows(
      out,
      'table',
      columns.map(asColumn),
      findings.map(row => columns.map(name => row[name])),
    );
    await out.write('\n');
    const numbers = ['name', 'unit', 'before', 'after', 'change'] as const;
    await writeRows(
      out,
      'table',
      numbers.map(asColumn),
      metrics.map(row => numbers.map(name => row[name])),
    );
  }
  const fails = findings.some(({ state, severity }) => {
    return state === 'new' && (severity === 'error' || (severity === 'warning' && options.failOn === 'warning'));
  });
  const isSure = [before, after].map(({ path, doubts }) => sayDoubts(context, path, doubts)).every(Boolean);
  if (fails && options.failOn !== 'none') return EXIT.findings;
  return isSure ? EXIT.fine : EXIT.input;
};

const asColumn = (name: string) => ({ name, right: name === 'before' || name === 'after' });

/** @throws P2mError with the code of what is wrong with the input */
async function judged(
  path: string,
  trace: string,
  settings: AuditSettings,
  onProgress: (events: number) => void,
): Promise<TraceResult> {
  const { result } = await auditTrace({ path, trace }, settings, { onProgress });
  if (result.problem === null) return result;
  const { code, message } = result.problem;
  throw new P2mError(code, message, { place: { file: path }, remedy: 'check it with p2mtrace validate' });
}
