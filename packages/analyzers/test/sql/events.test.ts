import { COLUMN_NAMES, type TraceReader } from '@p2mtrace/trace-format';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TraceSession } from '../../src/index.js';
import { ABSENT, removeTraces, SYMBOLS, traceRows, writeTrace } from './small-trace.js';

// Batches of 3000 rows: neither batch nor trace ends where a chunk of 2048 does.
const rows = traceRows(10_007);
let reader: TraceReader;
let session: TraceSession;

beforeAll(async () => {
  reader = writeTrace(rows, 3000);
  session = await TraceSession.open({ threads: 2 });
  await session.addEvents(reader);
});
afterAll(async () => {
  await session.close();
  reader.close();
  removeTraces();
});

describe('the events table', () => {
  it('has every column of the schema, with every value and every null', async () => {
    const all = await session.runAll('select * from events');
    expect(all.columns.map(column => column.name)).toEqual(COLUMN_NAMES);
    expect(all.rows).toEqual(rows.map(row => COLUMN_NAMES.map(column => row[column])));
  });

  it('keeps the values when it is copied into a table of DuckDB', async () => {
    await session.runAll('create table copied as select * from events');
    const { rows: differing } = await session.runAll(
      'select count(*) from ((from copied except all from events) union all (from events except all from copied))',
    );
    expect(differing).toEqual([[0n]]);
  });

  it.each(COLUMN_NAMES)('reads %s alone as it reads it among all', async column => {
    const { rows: alone } = await session.runAll(`select "${column}" from events`);
    expect(alone).toEqual(rows.map(row => [row[column]]));
  });

  it('gives the columns their types', async () => {
    const { columns } = await session.runAll(
      'select seq, tsc_own, pcpu, kind, symbol, rc, flags, raw, "order" from events',
    );
    expect(columns.map(column => column.type)).toEqual([
      'UBIGINT',
      'BOOLEAN',
      'USMALLINT',
      'ENUM',
      'ENUM',
      'INTEGER',
      'UINTEGER',
      'BLOB',
      'UTINYINT',
    ]);
  });

  it('counts without reading a column', async () => {
    expect((await session.runAll('select count(*) from events')).rows).toEqual([[10_007n]]);
  });

  it('has only nulls in a column that no event has', async () => {
    const { rows: found } = await session.runAll(`select count(${ABSENT}), count(*) from events`);
    expect(found).toEqual([[0n, 10_007n]]);
  });

  it('computes with u64 values whose top bit is set', async () => {
    const values = rows.flatMap(row => (typeof row.gfn === 'bigint' ? [row.gfn] : []));
    const { rows: found } = await session.runAll('select max(gfn), sum(gfn), count(gfn) from events');
    const max = values.toSorted((a, b) => Number(b - a))[0];
    expect(max).toBeGreaterThan(2n ** 63n);
    expect(found).toEqual([[max, values.reduce((a, b) => a + b), BigInt(values.length)]]);
  });

  it('groups and filters by name', async () => {
    const { rows: found } = await session.runAll(
      "select symbol, count(*) from events where kind = 'lookup' and symbol is not null group by symbol order by symbol",
    );
    const expected = SYMBOLS.map(symbol => [
      symbol,
      BigInt(rows.filter(row => row.symbol === symbol && row.kind === 'lookup').length),
    ]).filter(([, count]) => count !== 0n);
    expect(found).toEqual(expected);
  });

  it('joins with itself', async () => {
    const { rows: found } = await session.runAll('select count(*) from events a join events b on a.seq = b.seq + 1');
    expect(found).toEqual([[10_006n]]);
  });

  it('may be empty, and may have a dictionary without names', async () => {
    const empty = writeTrace([], 100);
    await session.addEvents(empty, 'nothing');
    expect((await session.runAll('select symbol, seq from nothing')).rows).toEqual([]);
    expect((await session.runAll('select count(*) from nothing')).rows).toEqual([[0n]]);
    empty.close();
  });
});
