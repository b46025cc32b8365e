import { cpus } from 'node:os';
import { join } from 'node:path';
import type { AuditSettings } from './audit-task.js';
import type { OwnMetric } from './own-metrics.js';

/** Options from the command line, or from `audit` in the configuration; the command line takes precedence. */
export interface AuditOptions extends AuditSettings {
  readonly paths?: readonly string[] | undefined;
  readonly state?: string | undefined;
  readonly workers?: number | undefined;
  /** NAME or NAME=FILE. */
  readonly reporter?: readonly string[] | undefined;
  readonly baseline?: string | undefined;
  readonly suppressions?: string | undefined;
  readonly failOn?: 'error' | 'warning' | 'none' | undefined;
  readonly history?: string | false | undefined;
  /** Milliseconds of history to keep. */
  readonly retain?: number | undefined;
  /** Fewer traces than this that could be judged are too few. */
  readonly expect?: number | undefined;
  /** Milliseconds: the newest trace must not be older. */
  readonly maxAge?: number | undefined;
  /** Folder of the dataset to which traces are added. */
  readonly dataset?: string | undefined;
  /** Host that recorded the traces, in the dataset. */
  readonly host?: string | undefined;
  /** Numbers of one's own, and their limits. */
  readonly measures?: readonly OwnMetric[] | undefined;
  /** Nothing may have been lost, be unknown or be guessed. */
  readonly strict?: boolean | undefined;
}

export interface Resolved {
  readonly state: string;
  readonly workers: number;
  readonly baseline: string;
  readonly suppressions: string;
  readonly failOn: 'error' | 'warning' | 'none';
  readonly history: string | false;
}

/** Fills in the documented defaults. */
export function resolveOptions(options: AuditOptions): Resolved {
  const state = options.state ?? '.p2mtrace';
  return {
    state,
    workers: options.workers ?? cpus().length,
    baseline: options.baseline ?? 'p2mtrace-baseline.json',
    suppressions: options.suppressions ?? 'p2mtrace-suppressions.json',
    failOn: options.failOn ?? 'error',
    history: options.history ?? join(state, 'history.duckdb'),
  };
}
