import type { CommandSpec } from './command.js';
import { AUDIT_COMMANDS } from './command-specs/audits.js';
import { DATASET_COMMANDS } from './command-specs/datasets.js';
import { FINDING_COMMANDS } from './command-specs/findings.js';
import { FLEET_COMMANDS } from './command-specs/fleet.js';
import { SHELL_COMMANDS } from './command-specs/shell.js';
import { SQL_COMMANDS } from './command-specs/sql.js';
import { STATE_COMMANDS } from './command-specs/state.js';
import { TRACE_COMMANDS } from './command-specs/traces.js';
import { WHATIF_COMMANDS } from './command-specs/whatif.js';
import { withJson } from './common-options.js';

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  ...TRACE_COMMANDS,
  ...STATE_COMMANDS,
  ...FINDING_COMMANDS,
  ...WHATIF_COMMANDS,
  ...AUDIT_COMMANDS,
  ...FLEET_COMMANDS,
  ...SQL_COMMANDS,
  ...DATASET_COMMANDS,
  ...SHELL_COMMANDS,
].map(spec => ({ ...spec, options: withJson(spec.options) }));
