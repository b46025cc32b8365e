import { usageError } from '@p2mtrace/trace-format/errors';
import { resolveOptions } from '../audit/audit-options.js';
import { readSuppressions, writeSuppressions } from '../audit/baseline.js';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { auditConfig, type NamedConfig } from '../plugins/configuration.js';

interface Options {
  readonly reason: string;
  readonly expires?: string;
  readonly suppressions?: string;
  readonly config?: NamedConfig;
}

export const run: Run<readonly [string], Options> = async ([finding], options, { err }) => {
  const { reason, expires } = options;
  if (expires !== undefined && Number.isNaN(Date.parse(expires))) {
    throw usageError('P2M_USAGE', `--expires ${expires} is no date`, 'write it as 2026-12-31');
  }
  const { suppressions: path } = resolveOptions({ ...(await auditConfig(options.config)), ...options });
  const others = readSuppressions(path).filter(one => one.finding !== finding);
  writeSuppressions(path, [...others, { finding, reason, ...(expires === undefined ? {} : { expires }) }]);
  err.note(`${path}: ${others.length + 1} suppressions\n`);
  return EXIT.fine;
};
