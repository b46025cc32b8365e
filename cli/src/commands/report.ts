import { analyzeTrace, RULES, rulesOf } from '@p2mtrace/analyzers';
import { checkOutputs } from '@p2mtrace/trace-format/output';
import { auditReport } from '../audit/audit-report.js';
import type { TraceResult } from '../audit/trace-result.js';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { type TraceSettings, withTrace } from '../open-trace.js';
import { withText } from '../output/text-output.js';
import { loadPlugins, type PluginOptions, tookPart } from '../plugins/load-plugins.js';
import { counted } from '../render/cell.js';
import { flat } from '../render/incident-order.js';
import { Progress } from '../render/progress.js';
import { sayWritten } from '../render/written.js';
import { htmlReport } from '../report/html-report.js';
import { shellText } from '../text/shell-text.js';
import { version } from '../version.js';
import { fails } from './analyze.js';

interface Options extends PluginOptions, TraceSettings {
  readonly only?: string[];
  readonly flat?: boolean;
  readonly output?: string;
  readonly failOn: 'error' | 'warning' | 'none';
}

export const run: Run<readonly [string], Options> = async ([path], options, context) => {
  const { only, output, failOn, progress } = options;
  if (output !== undefined) checkOutputs([output], [path]);
  const plugins = await loadPlugins(options);
  const { config, plugins: named } = await tookPart(options);
  return withTrace(path, options, context, async reader => {
    const shown = new Progress(context, progress, 'events replayed', reader.rows);
    const analysis = await analyzeTrace(reader, {
      ...(only === undefined ? {} : { only: only.flatMap(rules => rules.split(',')) }),
      plugins,
      onProgress: shown.update,
    }).finally(() => shown.end());
    const { findings, incidents, customs, divergences, notChecked } = options.flat === true ? flat(analysis) : analysis;
    const { counts, health } = reader.metadata;
    const trace: TraceResult = {
      version: 2,
      path,
      trace: path,
      problem: null,
      notices: [],
      doubts: [],
      events: reader.rows,
      lost: health?.lost.reduce((sum, { count }) => sum + count, 0) ?? counts?.lost ?? 0,
      findings,
      incidents,
      customs,
      divergences,
      notChecked,
      metrics: {},
    };
    const report = auditReport({
      tool: version(),
      config: config ?? null,
      plugins: named,
      traces: [trace],
      contents: 1,
      passedOver: [],
      shortfalls: [],
      metrics: [],
      baseline: { version: 1, findings: [] },
      suppressions: [],
      today: '',
    });
    const command = ['p2mtrace', ...process.argv.slice(2)].map(shellText).join(' ');
    const text = await htmlReport(report, [...RULES, ...rulesOf(plugins)], command);
    await withText(output, context, out => out.write(text));
    if (output !== undefined) sayWritten(context, output, counted(findings.length, 'finding'));
    return findings.some(finding => fails(finding, failOn)) ? EXIT.findings : EXIT.fine;
  });
};
