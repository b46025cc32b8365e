import type { Table } from '@p2mtrace/ui';
import { type AskOptions, askCommand } from './ask-command.js';

/** Most rows of a table that the page gets. */
const MOST_ROWS = 20_000;

/** What a command answers in NDJSON, as a table. @throws P2mError what the command says */
export async function tableAnswer(args: readonly string[], options: AskOptions = {}): Promise<Table> {
  const { text, cut } = await askCommand([...args, '--format', 'ndjson', '--quiet'], { ...options, lines: MOST_ROWS });
  const objects = text
    .split('\n')
    .filter(line => line !== '')
    .slice(0, MOST_ROWS)
    .map(line => JSON.parse(line) as Record<string, unknown>);
  const columns = Object.keys(objects[0] ?? {});
  return { columns, rows: objects.map(row => columns.map(name => row[name] ?? null)), cut };
}
