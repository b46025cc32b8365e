import { suggestion, usageError } from '@p2mtrace/trace-format';
import { REPORTERS, type ReporterName } from './index.js';

/** A reporter, and the file for its text; undefined for stdout. */
export interface ReportTarget {
  readonly name: ReporterName;
  readonly file: string | undefined;
}

/** NAME or NAME=FILE. @throws P2mError P2M_REPORTER (usage) */
export function parseReporter(text: string): ReportTarget {
  const [, name, file] = /^(\w+)(?:=(.+))?$/.exec(text) ?? [];
  if (name === undefined || !Object.hasOwn(REPORTERS, name)) {
    throw usageError(
      'P2M_REPORTER',
      `there is no reporter ${text}${suggestion(name ?? text, Object.keys(REPORTERS))}`,
      `one of ${Object.keys(REPORTERS).join(', ')}, as NAME or NAME=FILE`,
    );
  }
  return { name: name as ReporterName, file };
}
