import { askBinutil } from './binutils.js';

/** A path below the folder xen of Xen's tree. */
const IN_XEN = /\/xen\/((?:arch|common|crypto|drivers|include|lib|xsm)\/.+)$/;

/**
 * Lines of source by address, from the debug information of an ELF file: `common/memory.c:352`, from Xen's folder
 * on, else from the one that all of them are in. Of what was inlined, the line of the function that has the name.
 * @throws P2mError P2M_SYMBOLS (usage)
 */
export function sourceLines(file: string, wanted: readonly bigint[]): Map<bigint, string> {
  const addresses = wanted.filter(address => address > 0n);
  if (addresses.length === 0) return new Map();
  // The address that a call returns to is behind it, and may be of the next line.
  const input = addresses.map(address => `0x${(address - 1n).toString(16)}\n`).join('');
  const answer = askBinutil('addr2line', ['-a', '-i', '-e'], file, input);
  const places = answer.split(/^0x[0-9a-f]+$/m).slice(1);
  const found = new Map<bigint, string>();
  places.forEach((place, i) => {
    // What was inlined comes first, what it is in last.
    const outermost = place.trim().split('\n').at(-1) ?? '';
    const [, line] = /^(.*[^?]:[0-9]+)(?: \(discriminator \d+\))?$/.exec(outermost) ?? [];
    if (line !== undefined && !line.endsWith(':0')) found.set(addresses[i], line);
  });
  const folder = commonFolder([...found.values()]);
  for (const [address, line] of found) found.set(address, IN_XEN.exec(line)?.[1] ?? line.slice(folder.length));
  return found;
}

/** `/build/xen/` of `/build/xen/common/memory.c` and `/build/xen/arch/x86/mm.c`. */
function commonFolder(paths: readonly string[]): string {
  if (paths.length < 2) return '';
  const first = paths[0];
  let length = first.lastIndexOf('/') + 1;
  while (length > 0 && !paths.every(path => path.startsWith(first.slice(0, length)))) {
    length = first.lastIndexOf('/', length - 2) + 1;
  }
  return first.slice(0, length);
}
