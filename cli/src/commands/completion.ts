import { script } from '@bomb.sh/tab';
import { suggestion, usageError } from '@p2mtrace/trace-format';
import { asset } from '../assets.js';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { SHELLS } from '../shells.js';

export const run: Run<readonly [string], object> = async ([shell], _, { out }) => {
  const known = SHELLS.find(name => name === shell);
  if (known === undefined) {
    const what = `there is no completion for ${shell}${suggestion(shell, SHELLS)}`;
    throw usageError('P2M_USAGE', what, `one of ${SHELLS.join(', ')}`);
  }
  if (known === 'bash') await out.write(asset('completion.bash'));
  // Prints it.
  else script(known, 'p2mtrace', 'p2mtrace');
  return EXIT.fine;
};
