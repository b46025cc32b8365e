import type { Finding } from '@p2mtrace/analyzers';
import { ALL_METRICS } from './metrics.js';
import type { TraceResult } from './trace-result.js';

/** A finding in one or both of two traces. */
export interface ComparedFinding {
  readonly state: 'new' | 'fixed' | 'same';
  readonly rule: string;
  readonly severity: Finding['severity'];
  readonly id: string;
  /** How often it was found in each trace. */
  readonly before: number;
  readonly after: number;
  readonly signature: string;
}

export interface ComparedMetric {
  readonly name: string;
  readonly unit: string;
  readonly before: number | null;
  readonly after: number | null;
  /** null if neither direction is better, or a value is missing. */
  readonly change: 'better' | 'worse' | 'same' | null;
}

const STATES = ['new', 'fixed', 'same'];

/** Findings of two traces by signature; new ones first. */
export function compareFindings(before: TraceResult, after: TraceResult): ComparedFinding[] {
  const a = new Map(before.findings.map(finding => [finding.signature, finding]));
  const b = new Map(after.findings.map(finding => [finding.signature, finding]));
  const compared = [...new Set([...a.keys(), ...b.keys()])].map((signature): ComparedFinding => {
    const [old, now] = [a.get(signature), b.get(signature)];
    const { rule, severity, id } = (now ?? old) as Finding;
    const state = old === undefined ? 'new' : now === undefined ? 'fixed' : 'same';
    return { state, rule, severity, id, before: old?.count ?? 0, after: now?.count ?? 0, signature };
  });
  const rank = ({ state }: ComparedFinding) => STATES.indexOf(state);
  return compared.sort((x, y) => rank(x) - rank(y) || (x.signature < y.signature ? -1 : 1));
}

/** The metrics of two traces, and which one is better. */
export function compareMetrics(before: TraceResult, after: TraceResult): ComparedMetric[] {
  return ALL_METRICS.map(({ name, unit, better }) => {
    const [old, now] = [metricOf(before, name), metricOf(after, name)];
    const change =
      old === null || now === null || better === 'neither'
        ? null
        : old === now
          ? 'same'
          : now < old === (better === 'less')
            ? 'better'
            : 'worse';
    return { name, unit, before: old, after: now, change };
  });
}

function metricOf({ events, lost, metrics }: TraceResult, name: string): number | null {
  return { events, lost, ...metrics }[name] ?? null;
}
