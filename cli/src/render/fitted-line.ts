import { foldedText, textWidth } from './text-width.js';

/**
 * A line as lines that fit into the width of a terminal, broken between words; those that follow are indented by two more
 * columns than the first. Without a width, the line as it is.
 */
export function fittedLine(line: string, width: number | undefined): string[] {
  if (width === undefined || textWidth(line) <= width) return [line];
  const indent = /^ */.exec(line)?.[0] ?? '';
  const hanging = `${indent}  `;
  const [first, ...more] = foldedText(line.slice(indent.length), Math.max(1, width - hanging.length));
  return [indent + first, ...more.map(text => hanging + text)];
}
