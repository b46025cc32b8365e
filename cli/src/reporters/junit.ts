import type { AuditFinding } from '../audit/audit-report.js';
import { exceededLine } from '../audit/own-metrics.js';
import { byIncident, isConsequence } from '../render/incident-order.js';
import { timesText } from '../render/out-of.js';
import { xmlText } from '../text/xml-text.js';
import type { Reporter } from './reporter.js';

/** A test suite per trace, a test per finding; what was not judged is an error, what is not checked is skipped. */
export const junit: Reporter = ({ traces, findings, shortfalls, exceeded }) => {
  const suites = traces.map(({ path, problem, notChecked }) => {
    const mine = byIncident(findings.filter(finding => finding.traces.some(trace => trace.path === path)));
    const beyond = exceeded.filter(one => one.path === path);
    const failed = mine.filter(({ state, severity }) => state === 'new' && severity === 'error').length;
    const failures = failed + beyond.length;
    const cases = [
      ...(problem === null
        ? [testcase(path, 'readable', '')]
        : [testcase(path, 'readable', element('error', problem.code, problem.message))]),
      ...mine.map(finding => testcase(path, finding.rule, outcome(finding))),
      ...beyond.map(one => testcase(path, one.name, element('failure', exceededLine(one)))),
      ...notChecked.map(({ rule, reason }) => testcase(path, rule, `<skipped message="${xmlText(reason)}"/>`)),
    ];
    const counts = `tests="${cases.length}" failures="${failures}" errors="${problem === null ? 0 : 1}" skipped="${notChecked.length}"`;
    return `  <testsuite name="${xmlText(path)}" ${counts}>\n${cases.join('')}  </testsuite>\n`;
  });
  if (shortfalls.length > 0) {
    const cases = shortfalls.map(line => testcase('audit', 'as expected', element('error', 'shortfall', line)));
    const counts = `tests="${cases.length}" failures="0" errors="${cases.length}" skipped="0"`;
    suites.push(`  <testsuite name="audit" ${counts}>\n${cases.join('')}  </testsuite>\n`);
  }
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="p2mtrace">\n${suites.join('')}</testsuites>\n`;
};

function outcome(finding: AuditFinding): string {
  const { state, severity, title, signature, incident } = finding;
  const from = isConsequence(finding) ? [`follows from ${incident}`] : [];
  const [first, ...rest] = [`${title} (${timesText(finding)})`, signature, ...from];
  return state === 'new' && severity === 'error'
    ? element('failure', title, first, ...rest)
    : `<system-out>${xmlText(`${state} ${severity}: ${first}`, ...rest)}</system-out>`;
}

const testcase = (path: string, name: string, inside: string) =>
  `    <testcase classname="${xmlText(path)}" name="${xmlText(name)}">${inside}</testcase>\n`;
const element = (name: string, message: string, ...lines: string[]) =>
  `<${name} message="${xmlText(message)}">${xmlText(...lines)}</${name}>`;
