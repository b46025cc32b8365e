/** A word of a command line as a POSIX shell takes it; quoted only where it has to be. */
export function shellText(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The same in ASCII: other characters as bytes in $'…' (POSIX.1-2024), which shells take for the same word. */
export function asciiShellText(word: string): string {
  if (/^[\x20-\x7e]*$/.test(word)) return shellText(word);
  const bytes = [...Buffer.from(word)].map(byte =>
    byte < 0x20 || byte > 0x7e
      ? `\\${byte.toString(8).padStart(3, '0')}`
      : String.fromCharCode(byte).replace(/[\\']/, '\\$&'),
  );
  return `$'${bytes.join('')}'`;
}

/** A path that a command takes for no option. */
export const pathWord = (path: string): string => (/^-./.test(path) ? `./${path}` : path);
