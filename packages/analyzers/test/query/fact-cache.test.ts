import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ColumnSource, FactCache, openTraceSession } from '../../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-cache-'));
const kept = join(folder, 'kept');
let reader: TraceReader;

async function trace(name: string, mfn: string): Promise<TraceReader> {
  const path = join(folder, name);
  writeFileSync(path, `{"kind":"set_entry","domid":1,"gfn":"0x10","mfn":"${mfn}","order":0,"p2m_type":"ram_rw"}\n`);
  await importNdjson(path, path, `${path}.arrow`);
  return TraceReader.open(`${path}.arrow`);
}

/** Of a trace as small as that only in tests. */
const cacheOf = (of: TraceReader) => FactCache.of(of, kept, 0)!;

async function query(of: TraceReader): Promise<{ mfn: unknown; replayed: readonly ColumnSource[] }> {
  const replayed: ColumnSource[] = [];
  const caches = [cacheOf(of)];
  const session = await openTraceSession(of, { caches, onFacts: (_, table) => replayed.push(table) });
  const { rows } = await session.runAll('select mfn from mapping_spans');
  await session.close();
  for (const table of replayed) await caches[0].keep(table);
  return { mfn: rows[0][0], replayed };
}

beforeAll(async () => {
  reader = await trace('a', '0x100');
});
afterAll(() => {
  reader.close();
  rmSync(folder, { recursive: true });
});

it('has no file before a query, and the tables of a query behind it', async () => {
  expect(cacheOf(reader).file('mapping_spans')).toBeUndefined();
  expect((await query(reader)).replayed.map(({ name }) => name)).toEqual(['mapping_spans']);
  expect(existsSync(cacheOf(reader).file('mapping_spans') ?? '')).toBe(true);
  expect(await query(reader)).toEqual({ mfn: 0x100n, replayed: [] });
});

it('is not read for a trace with other content', async () => {
  const other = await trace('b', '0x200');
  expect((await query(other)).mfn).toBe(0x200n);
  other.close();
});

it('leaves nothing under its name where it fails', async () => {
  const names = readdirSync(kept).sort();
  const broken: ColumnSource = {
    name: 'page_spans',
    rows: 1,
    columns: [{ name: 'n', type: 'f64' }],
    scan() {
      throw new Error('the trace went away');
    },
  };
  await expect(cacheOf(reader).keep(broken)).rejects.toThrow('the trace went away');
  expect(readdirSync(kept).sort()).toEqual(names);
});
