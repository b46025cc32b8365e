import type { Table } from '@p2mtrace/ui';
import { type AskOptions, askCommand, type Question } from './ask-command.js';

/** Most rows of a table that the page gets. */
const MOST_ROWS = 20_000;

/**
 * What a command answers in NDJSON, as a table whose columns are those of the first row.
 * @throws P2mError what the command says
 */
export async function tableAnswer(question: Question, options: AskOptions = {}): Promise<Table> {
  const { lines, cut } = await linesOf(question, 'ndjson', options);
  const objects = lines.slice(0, MOST_ROWS) as Record<string, unknown>[];
  const columns = Object.keys(objects[0] ?? {});
  const rows = objects.map(row => columns.map(name => row[name] ?? null));
  return { columns, rows, cut: cut || lines.length > MOST_ROWS, before: 0 };
}

/**
 * The last result of statements: its columns, of which several may have one name, and its rows.
 * @throws P2mError what the command says
 */
export async function resultAnswer(question: Question, options: AskOptions = {}): Promise<Table> {
  const { lines, cut } = await linesOf(question, 'lists', options);
  let last: { columns: string[]; rows: unknown[][] } = { columns: [], rows: [] };
  let results = 0;
  for (const line of lines as ({ columns: string[] } | unknown[])[]) {
    if (Array.isArray(line)) {
      last.rows.push(line);
      continue;
    }
    last = { columns: line.columns, rows: [] };
    results++;
  }
  const { columns, rows } = last;
  const isMore = rows.length > MOST_ROWS;
  return {
    columns,
    rows: isMore ? rows.slice(0, MOST_ROWS) : rows,
    cut: cut || isMore,
    before: Math.max(0, results - 1),
  };
}

async function linesOf({ command, options = [], args }: Question, format: string, asking: AskOptions) {
  const asked = { command, options: [...options, '--format', format, '--quiet'], args };
  // One more line for the columns of a result.
  const { text, cut } = await askCommand(asked, { ...asking, lines: MOST_ROWS + 1 });
  const lines = text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as unknown);
  return { lines, cut };
}
