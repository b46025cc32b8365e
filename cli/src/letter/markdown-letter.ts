import { markdownText } from '../text/markdown-text.js';
import { shellText } from '../text/shell-text.js';
import { visible } from '../text/visible.js';
import type { Block, Letter } from './letter.js';

/** A letter as Markdown, for an issue or a merge request. */
export function* markdownLetter({ subject, sections }: Letter): Generator<string> {
  yield `## ${markdownText(subject)}`;
  for (const { title, blocks } of sections) {
    yield* ['', `### ${markdownText(title)}`, ''];
    for (const block of blocks) yield* blockLines(block);
  }
}

function* blockLines(block: Block): Generator<string> {
  switch (block.kind) {
    case 'text':
      yield markdownText(block.text.trim().replace(/\s+/g, ' '));
      break;
    case 'facts':
      yield* ['| | |', '| --- | --- |'];
      for (const [name, value] of block.rows) yield `| ${markdownText(name)} | ${markdownText(value)} |`;
      break;
    case 'steps':
      for (const { head, lines } of block.steps) {
        yield `- ${markdownText(head)}`;
        for (const line of lines) yield `  - ${codeSpan(line)}`;
      }
      break;
    case 'commands':
      yield* fenced(
        block.commands.map(words => words.map(shellText).join(' ')),
        'sh',
      );
      break;
    case 'sql':
      yield* fenced(block.lines, 'sql');
  }
}

/** Text as code, where #120 is no reference to an issue. */
function codeSpan(text: string): string {
  const ticks = '`'.repeat(longestRun([text]) + 1);
  const [open, close] = text.includes('`') ? [`${ticks} `, ` ${ticks}`] : ['`', '`'];
  return open + visible(text) + close;
}

const longestRun = (lines: readonly string[]): number =>
  Math.max(0, ...lines.flatMap(line => line.match(/`+/g) ?? []).map(run => run.length));

/** A fence longer than any in the text. */
function* fenced(lines: readonly string[], language: string): Generator<string> {
  const fence = '`'.repeat(Math.max(3, longestRun(lines) + 1));
  yield* ['', `${fence}${language}`, ...lines.map(visible), fence];
}
