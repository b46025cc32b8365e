import { writeFileSync } from 'node:fs';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { afterAll } from 'vitest';
import { tempDir } from './cli.js';

/** Makes traces of hand-made events, gone when the tests of the file are done. */
export function traceMaker(): (events: readonly object[]) => Promise<TraceReader> {
  const temp = tempDir();
  const readers: TraceReader[] = [];
  afterAll(() => {
    for (const reader of readers) reader.close();
  });
  return async events => {
    const path = temp(String(readers.length));
    writeFileSync(`${path}.ndjson`, events.map(event => `${JSON.stringify(event)}\n`).join(''));
    await importNdjson(`${path}.ndjson`, 'events', `${path}.arrow`);
    const reader = TraceReader.open(`${path}.arrow`);
    readers.push(reader);
    return reader;
  };
}
