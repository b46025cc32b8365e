import { wrapped } from '../render/wrap.js';
import { asciiText } from '../text/ascii-text.js';
import { asciiShellText } from '../text/shell-text.js';
import type { Block, Letter } from './letter.js';

/** Columns of a mail to a list. */
const WIDTH = 72;

/**
 * A letter as plain text for a mail: ASCII, at most 72 columns. Only a word that is longer itself, such as a path in a
 * command, makes a longer line.
 */
export function* mailLetter({ subject, sections }: Letter): Generator<string> {
  yield* wrapped(asciiText(subject), '', WIDTH);
  for (const { title, blocks } of sections) {
    yield* ['', asciiText(title)];
    for (const block of blocks) yield* blockLines(block);
  }
}

function* blockLines(block: Block): Generator<string> {
  switch (block.kind) {
    case 'text':
      yield* wrapped(asciiText(block.text), '  ', WIDTH);
      break;
    case 'facts': {
      const width = Math.max(...block.rows.map(([name]) => name.length)) + 2;
      for (const [name, value] of block.rows) {
        const [first, ...more] = wrapped(asciiText(value), ' '.repeat(width + 2), WIDTH);
        yield `  ${asciiText(name).padEnd(width)}${first.slice(width + 2)}`;
        yield* more;
      }
      break;
    }
    case 'steps':
      for (const { head, lines } of block.steps) {
        yield* indented(head, '  ');
        for (const line of lines) yield* indented(line, '    ');
      }
      break;
    case 'commands':
      for (const words of block.commands) yield* brokenLine(words.map(asciiShellText), ' \\');
      break;
    case 'sql':
      for (const line of block.lines) yield* brokenLine(sqlWords(line), '', /^\s*/.exec(line)?.[0]);
  }
}

/** Text whose lines after the first are indented a little more. */
function indented(text: string, indent: string): string[] {
  const [first, ...more] = wrapped(asciiText(text), `${indent}  `, WIDTH);
  return [first.slice(2), ...more];
}

/** Parts of a query between which a line may end: in no quotes. */
const sqlWords = (line: string): readonly string[] =>
  asciiText(line.trim()).match(/(?:'[^']*'|"[^"]*"|[^\s'"]|['"])+/g) ?? [];

/** A line of a program, broken between its words; `mark` says that it goes on. */
function* brokenLine(words: readonly string[], mark: string, indent = ''): Generator<string> {
  let line = `  ${indent}`;
  let isFirst = true;
  for (const word of words) {
    if (!isFirst && line.length + 1 + word.length + mark.length > WIDTH) {
      yield line + mark;
      line = `    ${word}`;
    } else line += isFirst ? word : ` ${word}`;
    isFirst = false;
  }
  yield line;
}
