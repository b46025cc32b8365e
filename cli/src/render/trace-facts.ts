import { isRecorded, type TraceReader } from '@p2mtrace/trace-format';
import { counted } from './cell.js';

/** What was recorded, where and for how long, as a reader asks first. */
export interface TraceFacts {
  readonly source: string;
  readonly host: string | null;
  readonly xenVersion: string | null;
  readonly buildId: string | null;
  readonly events: number;
  /** From the first TSC to the last; null where frequency or TSCs are unknown. */
  readonly seconds: number | null;
  /** Records that were lost; null where the trace doesn't say. */
  readonly lost: number | null;
}

/** `cpuHz` replaces the trace's own frequency. */
export function traceFacts({ metadata, rows, batches }: TraceReader, cpuHz?: number): TraceFacts {
  const { source, host = null, xenVersion = null, buildId = null, health, tscHz } = metadata;
  const hz = cpuHz ?? tscHz;
  const first = batches.find(batch => batch.firstTsc !== undefined)?.firstTsc;
  const last = batches.findLast(batch => batch.lastTsc !== undefined)?.lastTsc;
  return {
    source,
    host,
    xenVersion,
    buildId,
    events: rows,
    seconds: hz === undefined || first === undefined || last === undefined ? null : Number(last - first) / hz,
    lost:
      health?.lost.reduce((sum, { count: records }) => sum + records, 0) ?? (isRecorded(metadata, 'lost') ? null : 0),
  };
}

/** `4.17.7, build 1f2e…`. */
export function xenText({ xenVersion, buildId }: Pick<TraceFacts, 'xenVersion' | 'buildId'>): string {
  return [xenVersion ?? 'unknown release', ...(buildId === null ? [] : [`build ${buildId}`])].join(', ');
}

/** `1,696,454 events in 12.3 s, no records lost`. */
export function amountText({ events, seconds, lost }: TraceFacts): string {
  const during = seconds === null ? '' : ` in ${Number(seconds.toPrecision(4))} s`;
  const loss = lost === null ? 'some records lost' : lost === 0 ? 'no records lost' : `${counted(lost, 'record')} lost`;
  return `${counted(events, 'event')}${during}, ${loss}`;
}
