import { isConsequence } from '../render/incident-order.js';
import { timesText } from '../render/out-of.js';
import type { Reporter } from './reporter.js';

const COMMANDS = { error: 'error', warning: 'warning', note: 'notice' } as const;

/**
 * Annotations of a GitHub workflow: one for each new finding in each trace, together with its consequences, and one for
 * each trace that was not judged.
 */
export const github: Reporter = ({ traces, findings, shortfalls }) => {
  const lines: string[] = [];
  const fresh = findings.filter(({ state }) => state === 'new');
  for (const finding of fresh) {
    const { severity, rule, title, signature, id, traces: where } = finding;
    // Consequences of a reported finding are reported with it.
    if (isConsequence(finding) && fresh.some(one => one.id === finding.incident)) continue;
    const follows = fresh.filter(one => one.incident === id && isConsequence(one));
    const after = follows.map(one => `from it: ${one.title} (${timesText(one)})\n`).join('');
    for (const { path, trace } of where) {
      const text = `${title} (${timesText(finding)})\n${signature}\n${after}p2mtrace explain ${trace} ${id}`;
      lines.push(`::${COMMANDS[severity]} file=${property(path)},title=${property(rule)}::${data(text)}\n`);
    }
  }
  for (const { path, problem } of traces) {
    if (problem !== null)
      lines.push(`::error file=${property(path)},title=${problem.code}::${data(problem.message)}\n`);
  }
  for (const line of shortfalls) lines.push(`::error title=audit::${data(line)}\n`);
  return lines.join('');
};

const data = (text: string) => text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
const property = (text: string) => data(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
