/** What a runner of workflows takes for a command at the start of a line. */
const COMMAND = /^(?:::|##\[)/;

/**
 * Text in lines of at most `width` characters, each after an indent; words are never split, and a line does not begin
 * with what a log would take for a command.
 */
export function wrapped(text: string, indent = '', width = 100): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.trim().split(/\s+/)) {
    if (line !== '' && !COMMAND.test(word) && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}
