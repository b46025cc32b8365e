import { isStdout } from '@p2mtrace/trace-format/output';
import type { Context } from '../command.js';
import type { Terminal } from '../terminal.js';

/** Where a command prints what it says of its output: stdout, unless the output itself goes there. */
export const besideOutput = (output: string, { out, err }: Context): Terminal => (isStdout(output) ? err : out);
