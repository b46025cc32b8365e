import type { AuditConfig } from '@p2mtrace/analyzers';
import { usageError } from '@p2mtrace/trace-format/errors';
import { auditConfig, type NamedConfig } from '../plugins/configuration.js';
import { cellText } from '../render/cell.js';
import { ALL_METRICS } from './metrics.js';
import type { TraceResult } from './trace-result.js';

/** A metric of the configuration. */
export type OwnMetric = NonNullable<AuditConfig['measures']>[number];

/** A trace on the wrong side of a metric's limit. */
export interface Exceeded {
  readonly path: string;
  readonly name: string;
  readonly unit: string;
  readonly better: 'less' | 'more';
  readonly value: number;
  readonly limit: number;
}

/** The metrics of a configuration. @throws P2mError P2M_CONFIG (usage) */
export async function ownMetrics(config: NamedConfig): Promise<readonly OwnMetric[]> {
  const { measures = [] } = await auditConfig(config);
  checkMetrics(measures);
  return measures;
}

/** @throws P2mError P2M_CONFIG (usage) for a name that is taken, or a limit that has no right side */
export function checkMetrics(metrics: readonly OwnMetric[]): void {
  const taken = new Set<string>(ALL_METRICS.map(({ name }) => name));
  for (const { name, better, limit } of metrics) {
    if (taken.has(name)) throw wrong(`there is a metric ${name} already`, 'give it another name');
    if (limit !== undefined && better === 'neither') {
      throw wrong(`the metric ${name} has a limit, but neither direction is better`, "better: 'less' or 'more'");
    }
    taken.add(name);
  }
}

const wrong = (what: string, remedy: string) => usageError('P2M_CONFIG', `audit.measures: ${what}`, remedy);

/** By metric, then by trace: what is on the wrong side. What a trace does not have is on neither. */
export function exceededLimits(traces: readonly TraceResult[], metrics: readonly OwnMetric[]): Exceeded[] {
  return metrics.flatMap(({ name, unit, better, limit }) =>
    traces.flatMap(({ path, metrics: values }) => {
      const value = values[name] ?? null;
      if (limit === undefined || better === 'neither' || value === null) return [];
      const isWrong = better === 'less' ? value > limit : value < limit;
      return isWrong ? [{ path, name, unit, better, value, limit }] : [];
    }),
  );
}

/** `traces/a.arrow: reads is 12 lookups, above its limit of 10`. */
export function exceededLine({ path, name, unit, better, value, limit }: Exceeded): string {
  const side = better === 'less' ? 'above' : 'below';
  return `${path}: ${name} is ${cellText(value)} ${unit}, ${side} its limit of ${cellText(limit)}`;
}
