import { type AnalysisReport, analyzeTrace, chooseRules, type Finding, RULES, rulesOf } from '@p2mtrace/analyzers';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { type TraceSettings, withTrace } from '../open-trace.js';
import { loadPlugins, type PluginOptions } from '../plugins/load-plugins.js';
import { clockOf, secondsOfSeqs } from '../render/clock.js';
import { findingsText, shownSeqs } from '../render/findings.js';
import { byIncident, flat } from '../render/incident-order.js';
import { jsonListHead, jsonText } from '../render/json.js';
import { printLine } from '../render/print-line.js';
import { Progress } from '../render/progress.js';
import type { Terminal } from '../terminal.js';
import { visible, visibly } from '../text/visible.js';

interface Options extends PluginOptions, TraceSettings {
  readonly only?: string[];
  readonly policy?: string[];
  readonly counterWidth?: number;
  readonly flat?: boolean;
  readonly format: string;
  readonly failOn: 'error' | 'warning' | 'none';
}

export const run: Run<readonly [string], Options> = async ([path], options, context) => {
  const { counterWidth, format, failOn, progress } = options;
  const [only, policies] = [options.only, options.policy].map((names = []) => names.flatMap(name => name.split(',')));
  const plugins = await loadPlugins(options);
  const chosen = chooseRules([...RULES, ...rulesOf(plugins)], only, policies);
  return withTrace(path, options, context, async reader => {
    const shown = new Progress(context, progress, 'events replayed', reader.rows);
    let report: AnalysisReport;
    try {
      report = await analyzeTrace(reader, { only, policies, counterWidth, plugins, onProgress: shown.update });
    } finally {
      shown.end();
    }
    if (options.flat === true) report = flat(report);
    if (format === 'json') await writeJson(context.out, report);
    else {
      const seconds = secondsOfSeqs(reader, clockOf(reader, options.cpuHz), shownSeqs(report.findings));
      const isVerbose = context.err.level === 'verbose';
      const judged = { path: visible(path), rules: chosen.length, seconds, isVerbose };
      for (const text of findingsText(visibly(report), context.out, judged)) {
        for (const line of text.split('\n').slice(0, -1)) await printLine(context.out, line);
      }
    }
    return report.findings.some(finding => fails(finding, failOn)) ? EXIT.findings : EXIT.fine;
  });
};

/** True if the finding makes the exit code 1. */
export function fails({ severity }: Finding, failOn: Options['failOn']): boolean {
  if (failOn === 'none') return false;
  return severity === 'error' || (severity === 'warning' && failOn === 'warning');
}

/** Writes finding by finding: all occurrences in one text may exceed the maximum length of a string. */
async function writeJson(out: Terminal, { findings, incidents, customs, divergences, notChecked }: AnalysisReport) {
  await out.write(jsonListHead('findings'));
  for (const [i, { occurrences, ...finding }] of byIncident(findings).entries()) {
    await out.write(`${i === 0 ? '\n' : ',\n'}${jsonText(finding).slice(0, -1)},"occurrences":[`);
    for (const [k, occurrence] of occurrences.entries())
      await out.write(`${k === 0 ? '\n' : ',\n'}${jsonText(occurrence)}`);
    await out.write(']}');
  }
  const rest = { incidents, customs, divergences, notChecked };
  await out.write(`],\n${jsonText(rest).slice(1)}\n`);
}
