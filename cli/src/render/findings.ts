import type { AnalysisReport, Finding } from '@p2mtrace/analyzers';
import type { Terminal } from '../terminal.js';
import { cellText, count, counted } from './cell.js';

/** Occurrences of a finding that people are shown. */
const SHOWN = 5;
const COLOURS = { error: 'red', warning: 'yellow', note: 'cyan' } as const;
const SEVERITIES = ['error', 'warning', 'note'] as const;

/** What was judged: the trace, and by how many rules. */
interface Judged {
  readonly path: string;
  readonly rules: number;
}

/** A report for people: the worst finding first, then what was not checked, then how many of each. */
export function* findingsText(
  { findings, notChecked }: AnalysisReport,
  out: Terminal,
  { path, rules }: Judged,
): Generator<string> {
  const rank = ({ severity }: Finding) => SEVERITIES.indexOf(severity);
  for (const finding of [...findings].sort((a, b) => rank(a) - rank(b))) yield findingText(finding, path, out);
  if (notChecked.length > 0) {
    yield `${out.style('bold', 'not checked')}\n`;
    for (const { rule, reason } of notChecked) yield `  ${rule}: ${reason}\n`;
    yield '\n';
  }
  yield `${summary(findings)}; ${notChecked.length} of ${counted(rules, 'rule')} not checked\n`;
}

function findingText(
  { id, severity, confidence, rule, title, signature, count: number, occurrences }: Finding,
  path: string,
  out: Terminal,
): string {
  const head = `${out.style(COLOURS[severity], severity)} (${confidence}) ${out.style('bold', rule)}: ${title}`;
  const lines = [`${head}: ${counted(number, 'time')}`, `  ${signature}`];
  for (const { subject, witness } of occurrences.slice(0, SHOWN)) {
    const about = Object.entries(subject)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${name} ${cellText(value)}`);
    const seen = witness.map(({ seq, role }) => `${role} #${seq}`);
    lines.push(`    ${about.join(', ')}${seen.length === 0 ? '' : `: ${seen.join(', ')}`}`);
  }
  if (occurrences.length > SHOWN)
    lines.push(`    and ${count(occurrences.length - SHOWN)} more (--format json has all)`);
  lines.push(`  p2mtrace explain ${path} ${id}`);
  return `${lines.join('\n')}\n\n`;
}

function summary(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'no findings';
  return SEVERITIES.map(severity => {
    const total = findings.filter(finding => finding.severity === severity).reduce((sum, { count }) => sum + count, 0);
    return counted(total, severity);
  }).join(', ');
}
