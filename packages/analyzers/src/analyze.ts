import { type TraceReader, usageError } from '@p2mtrace/trace-format';
import type { Rule, RuleRow } from './define-analyzer.js';
import { type AnalysisReport, CONFIDENCES, type Confidence, type Finding, SEVERITIES } from './finding.js';
import { toOccurrence } from './occurrence.js';
import { RULES } from './registry.js';
import { TraceSession } from './sql/session.js';
import { addTraceTables, storeFacts } from './trace-tables.js';
import { wantedFacts } from './wanted-facts.js';

export interface AnalyzeOptions {
  /** Ids of rules, or of analyzers for all of their rules; all rules where absent or empty. */
  readonly only?: readonly string[] | undefined;
  /** Ids of rules that stand for a policy, to run besides. */
  readonly policies?: readonly string[] | undefined;
  /** Bits that reference counts are judged by, instead of those of the trace's layout. */
  readonly counterWidth?: number | undefined;
  /** Called with the events replayed so far. */
  readonly onProgress?: ((events: number) => void) | undefined;
}

/**
 * Judges a trace: one replay, then each rule over its facts. A rule whose events the trace does not have is listed
 * as not checked, never as clean.
 * @throws P2mError P2M_RULE (usage) for an unknown rule, P2M_DAMAGED
 */
export async function analyzeTrace(reader: TraceReader, options: AnalyzeOptions = {}): Promise<AnalysisReport> {
  const chosen = chooseRules(options);
  const counts = reader.metadata.counts ?? {};
  const notChecked: AnalysisReport['notChecked'] = [];
  const runnable: (typeof RULES)[number][] = [];
  for (const rule of chosen) {
    const missing = rule.needs.filter(need => !need.split('|').some(kind => (counts[kind] ?? 0) > 0));
    if (missing.length === 0) runnable.push(rule);
    else
      notChecked.push({
        rule: rule.id,
        reason: `no ${missing.join(' or ').replaceAll('|', ' or ')} events in this trace`,
      });
  }
  if (runnable.length === 0) return { findings: [], notChecked };
  const wanted = wantedFacts(runnable.map(rule => rule.sql));
  const facts = storeFacts(reader, {
    wanted,
    checks: {
      counterWidth: options.counterWidth,
      policies: runnable.filter(rule => rule.policy).map(({ id, analyzer }) => id.slice(analyzer.length + 1)),
    },
    onProgress: options.onProgress,
  });
  const session = await TraceSession.open();
  try {
    addTraceTables(session, reader, () => facts);
    const findings: Finding[] = [];
    for (const rule of runnable) findings.push(...(await runRule(session, rule)));
    return { findings: findings.sort(worstFirst), notChecked };
  } finally {
    await session.close();
  }
}

function chooseRules({ only = [], policies = [] }: AnalyzeOptions): (typeof RULES)[number][] {
  for (const name of [...only, ...policies]) {
    if (RULES.some(rule => rule.id === name || rule.analyzer === name)) continue;
    throw usageError('P2M_RULE', `there is no rule ${name}`, `one of ${RULES.map(rule => rule.id).join(', ')}`);
  }
  return RULES.filter(({ id, analyzer, policy }) => {
    if (only.includes(id) || policies.includes(id)) return true;
    return policy === undefined && (only.length === 0 || only.includes(analyzer));
  });
}

/** Runs one rule and groups what it finds by signature. */
async function runRule(session: TraceSession, rule: (typeof RULES)[number]): Promise<Finding[]> {
  const { columns, rows } = await session.runAll(rule.sql);
  const objects = rows.map((row): RuleRow => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])));
  const found = rule.find === undefined ? objects : rule.find(objects);
  const groups = new Map<string, Finding>();
  for (const row of found) {
    const confidence = confidenceOf(rule, row);
    const severity = SEVERITIES.find(one => one === row.severity) ?? rule.severity;
    const signature = signatureOf(rule, row);
    const key = `${signature} ${confidence} ${severity}`;
    let finding = groups.get(key);
    if (finding === undefined) {
      const { id, analyzer } = rule;
      const title = typeof row.title === 'string' ? row.title : rule.title;
      finding = { analyzer, rule: id, severity, confidence, signature, title, count: 0, occurrences: [] };
      groups.set(key, finding);
    }
    finding.count++;
    finding.occurrences.push(toOccurrence(row));
  }
  return [...groups.values()];
}

function confidenceOf(rule: Rule, row: RuleRow): Confidence {
  return CONFIDENCES.find(confidence => confidence === row.confidence) ?? rule.confidence;
}

function signatureOf(rule: Rule, row: RuleRow): string {
  const parts = Object.entries(row).filter(([name]) => name.startsWith('sig_'));
  return [rule.id, ...parts.map(([name, value]) => `${name.slice(4)}=${String(value)}`)].join(' | ');
}

function worstFirst(a: Finding, b: Finding): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    CONFIDENCES.indexOf(a.confidence) - CONFIDENCES.indexOf(b.confidence) ||
    b.count - a.count ||
    (a.signature < b.signature ? -1 : 1)
  );
}
