import { basename } from 'node:path';
import type { CallSite, TraceReader } from '@p2mtrace/trace-format';
import { P2mError } from '@p2mtrace/trace-format/errors';
import { askBinutil } from './binutils.js';
import { isElf, readSymbols } from './read-symbols.js';
import { sourceLines } from './source-lines.js';

/**
 * What the call sites of a trace are, by a hypervisor's symbols: functions, and, where it is an ELF file with debug
 * information, lines.
 * @throws P2mError P2M_OPEN, P2M_SYMBOLS (usage) for what can't be read, or is of another build than the trace
 */
export function callSites(reader: Pick<TraceReader, 'names' | 'metadata'>, file: string): Map<string, CallSite> {
  const elf = isElf(file);
  if (elf) checkBuild(reader.metadata.buildId, file);
  const symbols = readSymbols(file);
  const sites = reader.names.caller.map(text => [text, BigInt(text)] as const);
  const lines = elf
    ? sourceLines(
        file,
        sites.map(([, address]) => address),
      )
    : new Map<bigint, string>();
  return new Map(
    sites.flatMap(([text, address]) => {
      const symbol = symbols.nameOf(address);
      return symbol === undefined ? [] : [[text, { symbol, line: lines.get(address) }] as const];
    }),
  );
}

/** A trace that says which build it was recorded on is given no names of another one. */
function checkBuild(recorded: string | undefined, file: string): void {
  if (recorded === undefined) return;
  const [, found] = /Build ID: ([0-9a-f]+)/.exec(askBinutil('readelf', ['-n'], file)) ?? [];
  if (found === undefined || found === recorded.toLowerCase()) return;
  throw new P2mError('P2M_SYMBOLS', `${basename(file)} is of build ${found}, and the trace of build ${recorded}`, {
    blame: 'usage',
    place: { file },
    remedy: 'give the xen-syms of the hypervisor that was recorded',
  });
}
