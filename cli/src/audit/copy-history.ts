import { existsSync } from 'node:fs';
import type { DuckDBInstance } from '@duckdb/node-api';

/**
 * Copies a history table by table, so that all of it is read, into a file that does not exist yet. The original is not
 * changed, unless a process that was killed left a log of changes beside it, which DuckDB then takes over first.
 * @throws Error of DuckDB if it is no such file, it is damaged, or another process has it open
 */
export async function copyHistory(path: string, copy: string): Promise<void> {
  if (existsSync(`${path}.wal`)) (await open(path)).closeSync();
  const instance = await open(':memory:');
  try {
    const connection = await instance.connect();
    await connection.run(`attach ${quoted(path)} as old (type duckdb, read_only)`);
    await connection.run(`attach ${quoted(copy)} as fresh`);
    await connection.run('copy from database old to fresh');
    await connection.run('detach fresh');
    connection.closeSync();
  } finally {
    instance.closeSync();
  }
}

async function open(path: string): Promise<DuckDBInstance> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  return DuckDBInstance.create(path, { threads: '1' });
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
