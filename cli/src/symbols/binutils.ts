import { spawnSync } from 'node:child_process';
import { P2mError } from '@p2mtrace/trace-format/errors';
import { pathWord } from '../text/shell-text.js';

/** Programs of binutils that are asked about a hypervisor. */
export type Binutil = 'nm' | 'addr2line' | 'readelf';
/** What nm says of a hypervisor with debug information is some megabytes. */
const MOST = 1 << 29;

/**
 * What a program of binutils says of a file; its last argument is the file.
 * @throws P2mError P2M_SYMBOLS (usage) if there is no such program, or it can't read the file
 */
export function askBinutil(program: Binutil, options: readonly string[], file: string, input = ''): string {
  const { error, status, stdout, stderr } = spawnSync(program, [...options, pathWord(file)], {
    input,
    encoding: 'utf8',
    maxBuffer: MOST,
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (error === undefined && status === 0) return stdout;
  const isMissing = (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
  const why = error === undefined ? stderr.trim().split('\n')[0] : error.message;
  throw new P2mError(
    'P2M_SYMBOLS',
    isMissing ? `there is no ${program} to read the symbols with` : `${program}: ${why}`,
    {
      blame: 'usage',
      place: { file },
      remedy: isMissing
        ? 'install binutils, or give the output of nm: nm xen-syms > xen-syms.map'
        : 'give xen-syms as the build left it, or the output of nm',
    },
  );
}
