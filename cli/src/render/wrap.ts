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
    if (line === '') line = word;
    else if (indent.length + line.length + 1 + word.length <= width) line += ` ${word}`;
    else if (!COMMAND.test(word)) {
      lines.push(indent + line);
      line = word;
    } else {
      // The last word that may begin a line goes with it.
      const words = line.split(' ');
      const from = Math.max(
        0,
        words.findLastIndex(one => !COMMAND.test(one)),
      );
      if (from > 0) lines.push(indent + words.slice(0, from).join(' '));
      line = [...words.slice(from), word].join(' ');
    }
  }
  return [...lines, indent + line];
}
