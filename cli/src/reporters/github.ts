import type { Reporter } from './reporter.js';

const COMMANDS = { error: 'error', warning: 'warning', note: 'notice' } as const;

/** Annotations of a GitHub workflow: one for each new finding in each trace, and for each trace that was not judged. */
export const github: Reporter = ({ traces, findings }) => {
  const lines: string[] = [];
  for (const { state, severity, rule, title, signature, id, traces: where } of findings) {
    if (state !== 'new') continue;
    for (const { path, trace, count } of where) {
      const text = `${title} (${count} times)\n${signature}\np2mtrace explain ${trace} ${id}`;
      lines.push(`::${COMMANDS[severity]} file=${property(path)},title=${property(rule)}::${data(text)}\n`);
    }
  }
  for (const { path, problem } of traces) {
    if (problem !== null)
      lines.push(`::error file=${property(path)},title=${problem.code}::${data(problem.message)}\n`);
  }
  return lines.join('');
};

const data = (text: string) => text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
const property = (text: string) => data(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
