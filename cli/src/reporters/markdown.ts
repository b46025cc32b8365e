import { exceededLine } from '../audit/own-metrics.js';
import { summaryLine, tookPartLine } from '../audit/summary-line.js';
import { byIncident, isConsequence } from '../render/incident-order.js';
import { markdownLine, markdownRule } from '../render/markdown.js';
import { misfitLines, timesText } from '../render/out-of.js';
import { markdownText } from '../text/markdown-text.js';
import type { Reporter } from './reporter.js';

/** For an issue, an e-mail or the summary of a job. */
export const markdown: Reporter = report => {
  const { traces, findings } = report;
  const parts = ['# p2mtrace audit\n', `${summaryLine(report)}.\n`];
  const took = tookPartLine(report);
  if (took !== undefined) parts.push(`Judged ${markdownText(took)}.\n`);
  for (const one of report.exceeded) parts.push(`${markdownText(exceededLine(one))}.\n`);
  for (const line of report.shortfalls) parts.push(`Not as expected: ${markdownText(line)}.\n`);
  const shown = byIncident(findings.filter(({ state }) => state === 'new'));
  if (shown.length > 0) {
    parts.push(
      '## New findings\n',
      table(
        ['severity', 'confidence', 'rule', 'what', 'how often', 'follows from', 'traces', 'id', 'signature'],
        shown.map(finding => {
          const { severity, confidence, rule, title, traces: where, id, signature } = finding;
          const cause = isConsequence(finding) ? finding.incident : '';
          return [severity, confidence, rule, title, timesText(finding), cause, where.length, id, signature];
        }),
      ),
    );
  }
  const broken = traces.filter(({ problem }) => problem !== null);
  if (broken.length > 0) {
    parts.push(
      '## Not judged\n',
      table(
        ['trace', 'code', 'why'],
        broken.map(({ path, problem }) => [path, problem?.code, problem?.message]),
      ),
    );
  }
  for (const { path, customs, divergences } of traces) {
    const lines = misfitLines(customs, divergences);
    if (lines.length > 0)
      parts.push(
        `## Where the model does not fit: ${markdownText(path)}\n`,
        `${lines.map(line => `- ${markdownText(line.trim())}\n`).join('')}`,
      );
  }
  parts.push(
    '## Traces\n',
    table(
      ['trace', 'events', 'lost', 'findings', 'rules not checked'],
      traces.map(trace => [trace.path, trace.events, trace.lost, trace.findings.length, trace.notChecked.length]),
    ),
  );
  return parts.join('\n');
};

function table(names: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return markdownLine(names) + markdownRule(names.map(name => ({ name }))) + rows.map(markdownLine).join('');
}
