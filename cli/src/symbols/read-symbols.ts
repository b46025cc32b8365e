import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { P2mError } from '@p2mtrace/trace-format/errors';
import { SymbolTable } from '@p2mtrace/trace-format/xentrace';
import { askBinutil } from './binutils.js';

const ELF = Buffer.from('\x7fELF', 'latin1');

/** Symbols of a hypervisor: of the ELF file itself (xen-syms), or what nm said of it. @throws P2mError P2M_OPEN, P2M_SYMBOLS */
export const readSymbols = (path: string): SymbolTable =>
  SymbolTable.parse(isElf(path) ? askBinutil('nm', ['--defined-only'], path) : textOf(path), path);

/** Whether the file is an ELF file. @throws P2mError P2M_OPEN */
export function isElf(path: string): boolean {
  return opened(path, () => {
    const head = Buffer.alloc(ELF.length);
    const fd = openSync(path, 'r');
    try {
      return readSync(fd, head, 0, head.length, 0) === head.length && head.equals(ELF);
    } finally {
      closeSync(fd);
    }
  });
}

const textOf = (path: string): string => opened(path, () => readFileSync(path, 'utf8'));

function opened<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new P2mError('P2M_OPEN', `the symbols can't be read (${(cause as NodeJS.ErrnoException).code})`, {
      blame: 'usage',
      place: { file: path },
      remedy: 'give xen-syms, or make the file with: nm xen-syms > xen-syms.map',
      cause,
    });
  }
}
