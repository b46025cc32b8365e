import { RULES } from '@p2mtrace/analyzers';
import type { Log, ReportingDescriptor, Result } from 'sarif';
import type { AuditFinding } from '../audit/audit-report.js';
import { exceededLine } from '../audit/own-metrics.js';
import { byIncident, isConsequence } from '../render/incident-order.js';
import { jsonText } from '../render/json.js';
import { timesText } from '../render/out-of.js';
import { visible } from '../text/visible.js';
import type { Reporter } from './reporter.js';

/** Id of the schema that the tests validate against: by OASIS, as used by GitHub and SchemaStore. */
const SCHEMA =
  'https://raw.githubusercontent.com/schemastore/schemastore/master/src/schemas/json/sarif-2.1.0-rtm.5.json';

/** SARIF 2.1.0: a result for each finding in each trace; fixed findings are absent; witnesses are code flows. */
export const sarif: Reporter = ({ tool, traces, findings, fixed, shortfalls, exceeded }) => {
  const ids = [...new Set([...findings, ...fixed].map(({ rule }) => rule))].sort();
  const log: Log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'p2mtrace', version: tool, rules: ids.map(descriptor) } },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: shortfalls.length === 0 && traces.every(({ problem }) => problem === null),
            toolExecutionNotifications: [
              ...shortfalls.map(text => ({ level: 'error' as const, message: { text: messageText(text) } })),
              ...exceeded.map(one => ({
                level: 'error' as const,
                message: { text: messageText(exceededLine(one)) },
                locations: [location(one.path)],
              })),
              ...traces.flatMap(({ path, problem }) =>
                problem === null
                  ? []
                  : [
                      {
                        level: 'error' as const,
                        message: { text: messageText(`${problem.code}: ${problem.message}`) },
                        locations: [location(path)],
                      },
                    ],
              ),
            ],
          },
        ],
        results: [
          ...byIncident(findings).flatMap(finding => results(finding, ids)),
          ...fixed.map(({ rule, severity, signature, id }) => ({
            ruleId: rule,
            ruleIndex: ids.indexOf(rule),
            level: severity,
            message: { text: messageText(signature) },
            baselineState: 'absent' as const,
            partialFingerprints: { 'signature/v1': id },
            suppressions: [],
          })),
        ],
      },
    ],
  };
  return `${jsonText(log, 1)}\n`;
};

function descriptor(id: string): ReportingDescriptor {
  const rule = RULES.find(one => one.id === id);
  if (rule === undefined) return { id };
  return {
    id,
    shortDescription: { text: rule.title },
    fullDescription: { text: rule.doc },
    help: { text: `${rule.doc}\n\np2mtrace explain ${id}` },
    defaultConfiguration: { level: rule.severity },
  };
}

function results(finding: AuditFinding, ids: string[]): Result[] {
  const { rule, severity, state, reason, signature, id, title, confidence, traces, of, basis, incident } = finding;
  const from = isConsequence(finding) ? `; follows from ${incident}` : '';
  return traces.map(
    ({ path, count, occurrences }): Result => ({
      ruleId: rule,
      ruleIndex: ids.indexOf(rule),
      level: severity,
      message: { text: messageText(`${title} (${confidence}, ${timesText(finding)}${from}): ${signature}`) },
      locations: [location(path)],
      baselineState: state === 'new' ? 'new' : 'unchanged',
      partialFingerprints: { 'signature/v1': id },
      occurrenceCount: count,
      properties: { of, basis, incident },
      codeFlows: occurrences
        .filter(({ witness }) => witness.length > 0)
        .map(({ subject, witness }) => ({
          message: {
            text: messageText(
              Object.entries(subject)
                .map(([name, value]) => `${name} ${value}`)
                .join(', '),
            ),
          },
          threadFlows: [
            {
              locations: witness.map(({ seq, role }) => ({
                location: { ...location(path), message: { text: `${role}: event ${seq}` } },
                executionOrder: seq,
              })),
            },
          ],
        })),
      // Either all results of a run have them or none (SARIF 2.1.0 §3.27.23).
      suppressions:
        state === 'suppressed' ? [{ kind: 'external', status: 'accepted', justification: reason ?? '' }] : [],
    }),
  );
}

/** Text of a message, in which brackets would be a link (SARIF 2.1.0 §3.11.6). */
const messageText = (text: string): string => visible(text).replace(/[\\[\]]/g, '\\$&');

const location = (path: string) => ({
  physicalLocation: { artifactLocation: { uri: path.split(/[\\/]/).map(encodeURIComponent).join('/') } },
});
