import { realpathSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { usageError } from '@p2mtrace/trace-format/errors';

/** No output may lie in a dataset: it could be one of its files. @throws P2mError P2M_OUTPUT (usage) */
export function checkOutside(outputs: readonly string[], dataset: string): void {
  const folder = realOf(resolve(dataset));
  const inside = outputs.find(output => {
    const way = relative(folder, realOf(resolve(output)));
    return way === '' || (way !== '..' && !way.startsWith(`..${sep}`));
  });
  if (inside === undefined) return;
  throw usageError('P2M_OUTPUT', `${inside} would lie in the dataset ${dataset}`, 'name a file outside of it');
}

/** Without links, as far as it is there. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === dirname(path) ? path : resolve(realOf(dirname(path)), path.slice(dirname(path).length + 1));
  }
}
