import type { Finding } from '@p2mtrace/analyzers';
import type { Baseline, Suppression } from './baseline.js';
import { type Exceeded, exceededLimits, type OwnMetric } from './own-metrics.js';
import type { TraceResult } from './trace-result.js';

/** Whether a finding was known before. */
type FindingState = 'new' | 'known' | 'suppressed';

/** A finding in all traces of an audit. */
export interface AuditFinding extends Omit<Finding, 'occurrences'> {
  readonly state: FindingState;
  /** Why it is suppressed, if it is. */
  readonly reason: string | null;
  readonly traces: readonly {
    readonly path: string;
    readonly trace: string;
    readonly count: number;
    readonly occurrences: Finding['occurrences'];
  }[];
}

/** Results of an audit. The same inputs and settings give the same report, however often it was interrupted. */
export interface AuditReport {
  readonly version: 1;
  readonly tool: string;
  /** The configuration that took part, and plugins as they were named. */
  readonly config: string | null;
  readonly plugins: readonly string[];
  /** One for each file, and for each entry that can't be read. */
  readonly traces: readonly TraceResult[];
  /** Number of different contents among the files. */
  readonly contents: number;
  /** What folders have besides, and why it is no trace. */
  readonly passedOver: readonly { readonly path: string; readonly why: string }[];
  /** Why this audit says nothing, or too little: no trace, too few, or none that is new. */
  readonly shortfalls: readonly string[];
  /** Metrics of the configuration. */
  readonly metrics: readonly Pick<OwnMetric, 'name' | 'unit' | 'better' | 'limit'>[];
  /** Traces that are on the wrong side of the limit of one. */
  readonly exceeded: readonly Exceeded[];
  /** New ones first, the worst of them first. */
  readonly findings: readonly AuditFinding[];
  /** Findings of the baseline that no trace shows any more. */
  readonly fixed: Baseline['findings'];
  readonly suppressions: { readonly unused: readonly Suppression[]; readonly expired: readonly Suppression[] };
}

export interface ReportSources
  extends Pick<AuditReport, 'tool' | 'config' | 'plugins' | 'traces' | 'contents' | 'passedOver' | 'shortfalls'> {
  readonly metrics: readonly OwnMetric[];
  readonly baseline: Baseline;
  readonly suppressions: readonly Suppression[];
  /** Date as 2026-11-21: suppressions that ended before it are expired. */
  readonly today: string;
}

/** A finding whose traces are still being collected. */
interface Group extends AuditFinding {
  traces: AuditFinding['traces'][number][];
  count: number;
  of: Finding['of'];
  incident: Finding['incident'];
}

/** Sum of the opportunities in several traces; null if they were not counted in one of them. */
function sumOf(a: Finding['of'], b: Finding['of']): Finding['of'] {
  if (a === null || b === null) return null;
  return { times: a.times + b.times, what: a.what, at: a.at === b.at ? a.at : 'trace' };
}

const STATES: readonly FindingState[] = ['new', 'known', 'suppressed'];
const SEVERITIES = ['error', 'warning', 'note'];
const CONFIDENCES = ['proven', 'likely', 'possible'];

/** Merges the findings of all traces by signature, and compares them with known ones. */
export function auditReport({ baseline, suppressions, today, ...audited }: ReportSources): AuditReport {
  const { tool, config, plugins, traces, contents, passedOver, shortfalls, metrics } = audited;
  const isExpired = ({ expires }: Suppression) => expires !== undefined && expires < today;
  const valid = suppressions.filter(suppression => !isExpired(suppression));
  const known = new Set(baseline.findings.map(({ signature }) => signature));
  const used = new Set<Suppression>();
  const groups = new Map<string, Group>();
  for (const { path, trace, findings } of traces) {
    for (const { occurrences, count, ...finding } of findings) {
      const { id, signature, severity, confidence } = finding;
      const key = `${signature} ${severity} ${confidence}`;
      const suppression = valid.find(({ finding: name }) => name === id || name === signature);
      if (suppression !== undefined) used.add(suppression);
      const state = suppression !== undefined ? 'suppressed' : known.has(signature) ? 'known' : 'new';
      const group: Group = groups.get(key) ?? {
        ...finding,
        state,
        reason: suppression?.reason ?? null,
        count: 0,
        traces: [],
      };
      group.of = groups.has(key) ? sumOf(group.of, finding.of) : finding.of;
      group.incident ??= finding.incident;
      group.count += count;
      group.traces.push({ path, trace, count, occurrences });
      groups.set(key, group);
    }
  }
  const seen = new Set([...groups.values()].map(({ signature }) => signature));
  return {
    version: 1,
    tool,
    config,
    plugins,
    traces,
    contents,
    passedOver,
    shortfalls,
    metrics: metrics.map(({ name, unit, better, limit }) => ({ name, unit, better, limit })),
    exceeded: exceededLimits(traces, metrics),
    findings: [...groups.values()].sort(worstFirst),
    fixed: baseline.findings.filter(({ signature }) => !seen.has(signature)),
    suppressions: { unused: valid.filter(one => !used.has(one)), expired: suppressions.filter(isExpired) },
  };
}

function worstFirst(a: AuditFinding, b: AuditFinding): number {
  return (
    STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    CONFIDENCES.indexOf(a.confidence) - CONFIDENCES.indexOf(b.confidence) ||
    (a.signature < b.signature ? -1 : 1)
  );
}
