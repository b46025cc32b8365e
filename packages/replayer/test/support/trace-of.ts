import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { afterAll } from 'vitest';

/** Makes traces of hand-made events, or of NDJSON, gone when the tests of the file are done. */
export function traceMaker(): (events: readonly object[] | string) => Promise<TraceReader> {
  const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-'));
  const readers: TraceReader[] = [];
  afterAll(() => {
    for (const reader of readers) reader.close();
    rmSync(folder, { recursive: true });
  });
  return async events => {
    const path = join(folder, `${readers.length}`);
    const lines = typeof events === 'string' ? events : events.map(event => `${JSON.stringify(event)}\n`).join('');
    writeFileSync(`${path}.ndjson`, lines);
    await importNdjson(`${path}.ndjson`, 'events', `${path}.arrow`);
    const reader = TraceReader.open(`${path}.arrow`);
    readers.push(reader);
    return reader;
  };
}
