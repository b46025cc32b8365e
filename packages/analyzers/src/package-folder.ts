import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/** Folder of this package, also from within a bundle. */
export const packageFolder = (): string =>
  dirname(createRequire(import.meta.url).resolve('@p2mtrace/analyzers/package.json'));
