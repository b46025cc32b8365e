import type { AnalysisReport, Finding } from '@p2mtrace/analyzers';
import type { Terminal } from '../terminal.js';
import { cellText, count, counted } from './cell.js';
import { seqText } from './clock.js';
import { findingCount } from './finding-count.js';
import { byIncident, isConsequence } from './incident-order.js';
import { misfitLines, timesText } from './out-of.js';

/** Occurrences of a finding that the text shows. */
const SHOWN = 5;
const COLOURS = { error: 'red', warning: 'yellow', note: 'cyan' } as const;
const SEVERITIES = ['error', 'warning', 'note'] as const;

/** What was judged: the trace, by how many rules, and when the events were that are shown. */
interface Judged {
  readonly path: string;
  readonly rules: number;
  /** By seq, where it is known. */
  readonly seconds: ReadonlyMap<number, number>;
  /** Lists what was not checked; otherwise there is a line. */
  readonly isVerbose: boolean;
}

/** The events that the text shows. */
export function shownSeqs(findings: readonly Finding[]): number[] {
  return findings.flatMap(finding =>
    finding.occurrences.slice(0, shownOf(finding)).flatMap(({ witness }) => witness.map(({ seq }) => seq)),
  );
}

/** A consequence is shown under its cause. */
const shownOf = (finding: Finding): number => (isConsequence(finding) ? 1 : SHOWN);

/** A report as text: the worst finding first, then what was not checked, then the counts. */
export function* findingsText(
  { findings, incidents, customs, divergences, notChecked }: AnalysisReport,
  out: Terminal,
  judged: Judged,
): Generator<string> {
  const rank = ({ severity }: Finding) => SEVERITIES.indexOf(severity);
  let told: string | null = null;
  for (const finding of byIncident([...findings].sort((a, b) => rank(a) - rank(b)))) {
    const incident = incidents.find(({ cause }) => cause === finding.incident);
    if (incident !== undefined && told !== incident.cause) {
      yield `${out.style('bold', 'incident')} ${incident.cause}: ${incident.title}\n`;
    }
    told = finding.incident;
    yield findingText(finding, judged, out);
  }
  const misfits = misfitLines(customs, divergences);
  if (misfits.length > 0) {
    yield `${out.style('bold', 'the model does not fit')}\n`;
    for (const line of misfits) yield `  ${line}\n`;
    yield '\n';
  }
  if (notChecked.length > 0 && judged.isVerbose) {
    yield `${out.style('bold', 'not checked')}\n`;
    for (const { rule, reason } of notChecked) yield `  ${rule}: ${reason}\n`;
    yield '\n';
  }
  const why = notChecked.length > 0 && !judged.isVerbose ? ' (--verbose says which and why)' : '';
  yield `${summary(findings)}; ${notChecked.length} of ${counted(judged.rules, 'rule')} not checked${why}\n`;
}

function findingText(finding: Finding, { path, seconds }: Judged, out: Terminal): string {
  const { id, severity, confidence, rule, title, signature, occurrences } = finding;
  const head = `${out.style(COLOURS[severity], severity)} (${confidence}) ${out.style('bold', rule)}: ${title}`;
  const lead = isConsequence(finding) ? '  from it: ' : '';
  const shown = shownOf(finding);
  const lines = [`${lead}${head}: ${timesText(finding)}`, `  ${signature}`];
  for (const { subject, witness } of occurrences.slice(0, shown)) {
    const about = Object.entries(subject)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${name} ${cellText(value)}`);
    const seen = witness.map(({ seq, role }) => `${role} ${seqText(seq, seconds)}`);
    lines.push(`    ${about.join(', ')}${seen.length === 0 ? '' : `: ${seen.join(', ')}`}`);
  }
  if (occurrences.length > shown)
    lines.push(`    and ${count(occurrences.length - shown)} more (--format json has all)`);
  lines.push(`  p2mtrace explain ${path} ${id}`);
  return `${lines.join('\n')}\n\n`;
}

/** `2 findings (38 occurrences): 1 error, 1 note`. */
function summary(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'no findings';
  const of = (severity: Finding['severity']) => findings.filter(finding => finding.severity === severity).length;
  const parts = SEVERITIES.filter(severity => of(severity) > 0).map(severity => counted(of(severity), severity));
  return `${findingCount(findings)}: ${parts.join(', ')}`;
}
