import { checkOutputs } from '@p2mtrace/trace-format/output';
import type { Run } from '../command.js';
import { Conclusion, type ConclusionOptions } from '../fleet/conclude-audit.js';
import { mergeShards } from '../fleet/merge-shards.js';
import { auditConfig, type NamedConfig } from '../plugins/configuration.js';

interface Options extends ConclusionOptions {
  readonly config?: NamedConfig;
}

export const run: Run<readonly [string[]], Options> = async ([files], given, context) => {
  const conclusion = new Conclusion({ ...(await auditConfig(given.config)), ...given });
  const { reports, own } = conclusion.files;
  checkOutputs(reports, [...files, ...own]);
  return conclusion.reach(mergeShards(files), context);
};
