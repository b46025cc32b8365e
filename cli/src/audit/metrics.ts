import type { MeasureSpec } from '@p2mtrace/analyzers';

/** A number of a trace that is worth comparing from night to night. */
export interface Metric extends MeasureSpec {
  readonly unit: 'events' | 'records' | 'references' | 'ticks' | 'locks';
  /** Which direction is better; `neither` for numbers that are only informative. */
  readonly better: 'less' | 'more' | 'neither';
  readonly help: string;
}

export const METRICS: readonly Metric[] = [
  {
    name: 'max_references',
    unit: 'references',
    better: 'less',
    help: 'most references that one page had taken and not put when it was freed or the trace ended',
    needs: 'get_page',
    sql: `select max(refs) from (
      select count(*) as refs from ref_spans where to_seq is null and not underflow group by mfn, generation)`,
  },
  {
    name: 'longest_hold',
    unit: 'ticks',
    better: 'less',
    help: 'longest time that a lock was held',
    needs: 'lock_release',
    sql: 'select max(to_tsc - from_tsc) from lock_spans where to_tsc >= from_tsc',
  },
  {
    name: 'lock_waits',
    unit: 'locks',
    better: 'less',
    help: 'acquisitions that had to wait',
    needs: 'lock_wait',
    sql: 'select count(wait_seq) from lock_spans',
  },
  {
    name: 'acquisitions',
    unit: 'locks',
    better: 'neither',
    help: 'locks taken',
    needs: 'lock_acquire',
    sql: 'select count(from_seq) from lock_spans',
  },
];

/** Numbers that every trace has. */
const TRACE_METRICS = [
  { name: 'events', unit: 'events', better: 'neither', help: 'events of the trace' },
  { name: 'lost', unit: 'records', better: 'less', help: 'records that xentrace lost' },
] as const;

export const ALL_METRICS = [...TRACE_METRICS, ...METRICS];
