import { cpus } from 'node:os';
import { join } from 'node:path';
import { usageError } from '@p2mtrace/trace-format/errors';
import type { AuditSettings } from './audit-task.js';
import { REPORTERS, type ReporterName } from './reporters/index.js';

/** What the command line, or `audit` in the configuration, says; the command line wins. */
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
}

export interface Resolved {
  readonly state: string;
  readonly workers: number;
  readonly baseline: string;
  readonly suppressions: string;
  readonly failOn: 'error' | 'warning' | 'none';
  readonly history: string | false;
  readonly reporters: readonly { readonly name: ReporterName; readonly file: string | undefined }[];
}

/** What is not said is as the documentation has it. @throws P2mError P2M_REPORTER (usage) */
export function resolveOptions(options: AuditOptions): Resolved {
  const state = options.state ?? '.p2mtrace';
  return {
    state,
    workers: options.workers ?? cpus().length,
    baseline: options.baseline ?? 'p2mtrace-baseline.json',
    suppressions: options.suppressions ?? 'p2mtrace-suppressions.json',
    failOn: options.failOn ?? 'error',
    history: options.history ?? join(state, 'history.duckdb'),
    reporters: (options.reporter ?? ['pretty']).map(parseReporter),
  };
}

function parseReporter(text: string): Resolved['reporters'][number] {
  const [, name, file] = /^(\w+)(?:=(.+))?$/.exec(text) ?? [];
  if (name === undefined || !Object.hasOwn(REPORTERS, name)) {
    throw usageError(
      'P2M_REPORTER',
      `there is no reporter ${text}`,
      `one of ${Object.keys(REPORTERS).join(', ')}, as NAME or NAME=FILE`,
    );
  }
  return { name: name as ReporterName, file };
}
