import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTraceSession, type TraceSession } from '../../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-facts-'));
let reader: TraceReader;
let session: TraceSession;

/** One event of each mechanism whose facts are about a machine frame. */
const EVENTS = [
  { kind: 'page_alloc', mfn: 0x100, order: 0, owner: 1 },
  { kind: 'm2p_set', mfn: 0x100, gfn: 0x10 },
  { kind: 'get_type', mfn: 0x100, type_info: '0xe400000000000001' },
  { kind: 'share_nominate', mfn: 0x100, domid: 1, gfn: 0x10 },
  { kind: 'm2p_set', mfn: 0x100, flags: ['shared'] },
  { kind: 'm2p_override_add', domid: 0, gfn: 0x20, mfn: 0x100, old_mfn: 0x200 },
  { kind: 'grant_map', domid: 0, owner: 1, mfn: 0x100, handle: 3, flags: ['host_map'] },
];

beforeAll(async () => {
  const path = join(folder, 'trace');
  writeFileSync(`${path}.ndjson`, EVENTS.map(event => `${JSON.stringify(event)}\n`).join(''));
  await importNdjson(`${path}.ndjson`, 'events', `${path}.arrow`);
  reader = TraceReader.open(`${path}.arrow`);
  session = await openTraceSession(reader);
});
afterAll(async () => {
  await session.close();
  reader.close();
  rmSync(folder, { recursive: true });
});

/** Rows with what DuckDB gives as bigint as numbers. */
async function rowsOf(sql: string): Promise<unknown[][]> {
  const { rows } = await session.runAll(sql);
  return rows.map(row => row.map(value => (typeof value === 'bigint' ? Number(value) : value)));
}

test('SQL reads what the M2P said, and when', async () => {
  expect(await rowsOf('select mfn, gfn, shared, from_seq, to_seq from m2p_spans order by from_seq')).toEqual([
    [0x100, 0x10, false, 1, 4],
    [0x100, null, true, 4, null],
  ]);
});

test('SQL joins all that is known of a frame', async () => {
  const sql = `
    select t.kind, t.pgt_type, t.from_count, r.domid, r.gfn, o.gfn as pfn, o.old_mfn, g.handle, g.host_map, g.readonly
    from type_ref_spans t join rmap_spans r using (mfn) join override_spans o using (mfn) join grant_spans g using (mfn)`;
  expect(await rowsOf(sql)).toEqual([['get_type', 'writable', 1, 1, 0x10, 0x20, 0x200, 3, true, false]]);
});
