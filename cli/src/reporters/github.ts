import { exceededLine } from '../audit/own-metrics.js';
import { isConsequence } from '../render/incident-order.js';
import { timesText } from '../render/out-of.js';
import { githubProperty, githubText } from '../text/github-text.js';
import type { Reporter } from './reporter.js';

const COMMANDS = { error: 'error', warning: 'warning', note: 'notice' } as const;

/**
 * Annotations of a GitHub workflow: one for each new finding in each trace, together with its consequences, and one for
 * each trace that was not judged.
 */
export const github: Reporter = ({ traces, findings, shortfalls, exceeded }) => {
  const lines: string[] = [];
  const fresh = findings.filter(({ state }) => state === 'new');
  for (const finding of fresh) {
    const { severity, rule, title, signature, id, traces: where } = finding;
    // Consequences of a reported finding are reported with it.
    if (isConsequence(finding) && fresh.some(one => one.id === finding.incident)) continue;
    const follows = fresh.filter(one => one.incident === id && isConsequence(one));
    const after = follows.map(one => `from it: ${one.title} (${timesText(one)})`);
    for (const { path, trace } of where) {
      const what = `${title} (${timesText(finding)})`;
      const text = githubText(what, signature, ...after, `p2mtrace explain ${trace} ${id}`);
      lines.push(`::${COMMANDS[severity]} file=${githubProperty(path)},title=${githubProperty(rule)}::${text}\n`);
    }
  }
  for (const { path, problem } of traces) {
    if (problem !== null)
      lines.push(`::error file=${githubProperty(path)},title=${problem.code}::${githubText(problem.message)}\n`);
  }
  for (const one of exceeded) {
    const title = `file=${githubProperty(one.path)},title=${githubProperty(one.name)}`;
    lines.push(`::error ${title}::${githubText(exceededLine(one))}\n`);
  }
  for (const line of shortfalls) lines.push(`::error title=audit::${githubText(line)}\n`);
  return lines.join('');
};
