import type { AuditFinding } from '../audit/audit-report.js';
import { exceededLine } from '../audit/own-metrics.js';
import { summaryLine, tookPartLine } from '../audit/summary-line.js';
import { cellText, counted } from '../render/cell.js';
import { byIncident, isConsequence } from '../render/incident-order.js';
import { misfitLines, timesText } from '../render/out-of.js';
import { visible } from '../text/visible.js';
import type { Reporter } from './reporter.js';

/** Most traces of a finding, and occurrences in each, that are shown. */
const SHOWN = 3;

/** Plain text: what is new, then what could not be read, then the counts. */
export const pretty: Reporter = report => {
  const { traces, findings, fixed, suppressions, shortfalls, exceeded } = report;
  const lines: string[] = [];
  for (const finding of byIncident(findings.filter(({ state }) => state === 'new'))) {
    lines.push(...findingLines(finding), '');
  }
  for (const { path, problem } of traces)
    if (problem !== null) lines.push(`${path}: ${problem.code}: ${problem.message}`);
  for (const { path, customs, divergences } of traces) {
    for (const line of misfitLines(customs, divergences)) lines.push(`${path}: the model does not fit: ${line.trim()}`);
  }
  for (const { path, notices } of traces) for (const notice of notices) lines.push(`${path}: ${notice}`);
  for (const { rule, id, signature } of fixed) lines.push(`no longer seen: ${rule} (${id}) ${signature}`);
  for (const { finding, reason } of suppressions.unused) lines.push(`unused suppression: ${finding} (${reason})`);
  for (const { finding, expires } of suppressions.expired)
    lines.push(`expired suppression: ${finding} (until ${expires})`);
  for (const one of exceeded) lines.push(exceededLine(one));
  for (const line of shortfalls) lines.push(`not as expected: ${line}`);
  const took = tookPartLine(report);
  if (took !== undefined) lines.push(took);
  return `${[...lines, summaryLine(report)].map(visible).join('\n')}\n`;
};

function findingLines(finding: AuditFinding): string[] {
  const { severity, confidence, rule, title, id, signature, traces } = finding;
  const lead = isConsequence(finding) ? `from ${finding.incident}: ` : '';
  const lines = [
    `${lead}new ${severity} (${confidence}) ${rule}: ${title}: ${timesText(finding)}`,
    `  ${id}  ${signature}`,
  ];
  for (const { path, trace, count: number, occurrences } of traces.slice(0, SHOWN)) {
    lines.push(`  ${path}: ${counted(number, 'time')}; p2mtrace explain ${trace} ${id}`);
    for (const { subject, witness } of occurrences.slice(0, SHOWN)) {
      const about = Object.entries(subject).filter(([, value]) => value !== null);
      const seen = witness.map(({ seq, role }) => `${role} #${seq}`);
      lines.push(`    ${about.map(([name, value]) => `${name} ${cellText(value)}`).join(', ')}: ${seen.join(', ')}`);
    }
  }
  if (traces.length > SHOWN) lines.push(`  and in ${traces.length - SHOWN} more traces`);
  return lines;
}
