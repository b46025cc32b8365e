import type { Run } from '../command.js';
import { Dataset } from '../dataset/dataset.js';
import { prune } from '../dataset/prune.js';
import { EXIT } from '../exit.js';
import { visible } from '../text/visible.js';

interface Options {
  /** Milliseconds. */
  readonly keep: number;
}

export const run: Run<readonly [string], Options> = async ([path], { keep }, { err }) => {
  const dataset = Dataset.open(path, text => err.say(`p2mtrace: ${visible(text)}\n`));
  const first = new Date(Math.max(Date.now() - keep, 0)).toISOString().slice(0, 10);
  const gone = await prune(dataset, first);
  err.say(
    gone.length === 0
      ? `p2mtrace: no night is before ${first}\n`
      : `p2mtrace: removed ${gone.length === 1 ? `the night ${gone[0]}` : `${gone.length} nights, ${gone[0]} to ${gone.at(-1)}`}\n`,
  );
  return EXIT.fine;
};
