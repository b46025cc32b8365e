import type { Run } from '../command.js';
import { compact } from '../dataset/compact.js';
import { Dataset } from '../dataset/dataset.js';
import { EXIT } from '../exit.js';
import { counted } from '../render/cell.js';
import { visible } from '../text/visible.js';

export const run: Run<readonly [string], { readonly least: number }> = async ([path], { least }, { err }) => {
  const dataset = Dataset.open(path, text => err.say(`p2mtrace: ${visible(text)}\n`));
  await compact(dataset, least, ({ partition, before }) =>
    err.say(`p2mtrace: ${visible(partition)}: ${counted(before, 'file')} a table became one\n`),
  );
  return EXIT.fine;
};
