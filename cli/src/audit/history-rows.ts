import type { MetricKinds } from '../dataset/judgement-rows.js';
import { ALL_METRICS } from './metrics.js';
import type { TraceResult } from './trace-result.js';

/** A value of the history's tables. */
export type Value = string | number | null;
/** Rules of findings, by the findings' ids. */
export type RulesById = ReadonlyMap<string, string>;

/** By rule: findings that are new, fixed and still there since the trace's last night. */
export function findingRows(night: number, { path, findings }: TraceResult, last: RulesById = new Map()): Value[][] {
  const now: RulesById = new Map(findings.map(({ id, rule }) => [id, rule]));
  const rules = [...new Set([...last.values(), ...now.values()])].sort();
  const count = (of: RulesById, rule: string, keep: (id: string) => boolean) =>
    [...of].filter(([id, one]) => one === rule && keep(id)).length;
  return rules.map(rule => [
    night,
    path,
    rule,
    count(now, rule, id => !last.has(id)),
    count(last, rule, id => !now.has(id)),
    count(now, rule, id => last.has(id)),
  ]);
}

/** A trace without findings gets a row too, so it is known to have none. */
export function seenRows(night: number, { path, findings }: TraceResult): Value[][] {
  if (findings.length === 0) return [[night, path, '', '']];
  return findings.map(({ id, rule }) => [night, path, rule, id]);
}

/** All metrics; null for what the trace does not have. */
export function metricRows(night: number, { path, events, lost, metrics }: TraceResult, own: MetricKinds): Value[][] {
  const values: Record<string, number | null | undefined> = { events, lost, ...metrics };
  return [...ALL_METRICS, ...own].map(({ name, unit, better }) => [
    night,
    path,
    name,
    unit,
    better,
    values[name] ?? null,
  ]);
}
