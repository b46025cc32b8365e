import { P2mError } from '@p2mtrace/trace-format';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ColumnSource, type QueryResult, TraceSession } from '../../src/index.js';

/** `batches` batches of 65536 rows; what `onBatch` throws, the scan throws. */
function numbers(batches: number, onBatch: (batch: number) => void = () => undefined): ColumnSource {
  const values = Float64Array.from({ length: 65_536 }, (_, i) => i);
  return {
    name: 'numbers',
    rows: batches * values.length,
    columns: [{ name: 'n', type: 'f64' }],
    *scan(wanted) {
      for (let batch = 0; batch < batches; batch++) {
        onBatch(batch);
        yield { rows: values.length, columns: wanted.map(() => ({ values, validity: undefined })) };
      }
    },
  };
}

/** Failures after so many rows that DuckDB has begun to stream. */
const LATE = "select cast(case when i > 1000000 then 'x' else '1' end as int) from range(2000000) t(i)";

let session: TraceSession;
beforeEach(async () => {
  session = await TraceSession.open({ threads: 2 });
});
afterEach(() => session.close());

async function results(sql: string) {
  const all: unknown[] = [];
  for await (const result of session.run(sql)) all.push(await result.all());
  return all;
}

describe('results', () => {
  it('come one for each statement that gives rows', async () => {
    const sql =
      "create table t (a int); insert into t values (1), (2); select * from t; select 'x' as x where false; from t";
    expect(await results(sql)).toEqual([[[1], [2]], [], [[1], [2]]]);
    expect((await session.runAll('drop table t')).columns).toEqual([]);
  });

  it('stream', async () => {
    await session.addTable(numbers(40));
    let rows = 0;
    let batches = 0;
    for await (const result of session.run('select n from numbers')) {
      for await (const batch of result.batches()) {
        rows += batch.length;
        batches++;
      }
    }
    expect(rows).toBe(40 * 65_536);
    expect(batches).toBe(40 * 32);
  });

  it('that are left early cost no more than what was read', async () => {
    const read: number[] = [];
    await session.addTable(numbers(1000, batch => read.push(batch)));
    for await (const result of session.run('select n from numbers; select 1')) {
      for await (const _ of result.batches()) break;
    }
    expect(read.length).toBeLessThan(100);
    expect(await results('select count(*) from numbers')).toEqual([[[65_536_000n]]]);
  });

  it('may be left without being read, or be abandoned altogether', async () => {
    await session.addTable(numbers(1000));
    for await (const _ of session.run('from numbers')) break;
    await session.run('from numbers').next();
    expect(await results('select 1')).toEqual([[[1]]]);
    await session.run('from numbers').next();
  });

  it('of statements that DuckDB splits or answers itself', async () => {
    const { rows } = await session.runAll("pivot (select 'a' as k, 1 as v union all select 'b', 2) on k using sum(v)");
    expect(rows).toEqual([[1n, 2n]]);
    await session.runAll('create table t (a int)');
    expect((await session.runAll('show tables')).rows).toEqual([['t']]);
    expect((await session.runAll('describe t')).rows[0].slice(0, 2)).toEqual(['a', 'INTEGER']);
    expect((await session.runAll('explain from t')).rows).toHaveLength(1);
  });
});

describe('errors', () => {
  it.each([
    ['selec 1', 'Parser Error'],
    ['select nosuch from range(3)', 'Binder Error'],
    ['from nosuch', 'Catalog Error'],
    ["select cast('x' as int)", 'Conversion Error'],
    ['', 'no statement'],
    [' ; -- nothing', 'no statement'],
    [LATE, 'Conversion Error'],
    [`${LATE}; select 1`, 'Conversion Error'],
    ['select 1; from nosuch', 'Catalog Error'],
    ['select $1::int', 'the parameter $1 has no value'],
    ['begin', 'no transactions'],
  ])('of %j', async (sql, text) => {
    const error = await session.runAll(sql).catch(error => error);
    expect(error).toBeInstanceOf(P2mError);
    expect(error).toMatchObject({ code: 'P2M_SQL', blame: 'usage', message: expect.stringContaining(text) });
    expect(error.remedy).not.toBe('');
    expect(await results('select 1')).toEqual([[[1]]]);
  });

  it.each([
    "from 'facts.csv'",
    "from read_text('notes.txt')",
    "copy (select 1) to 'out.csv'",
    "attach 'other.db'",
    'install httpfs',
    'load httpfs',
    'set enable_external_access = true',
    "set memory_limit = '1TB'",
  ])('of what is locked: %s', async sql => {
    const error = await session.runAll(sql).catch(error => error);
    expect(error).toMatchObject({ code: 'P2M_SQL', blame: 'usage', remedy: expect.stringContaining('nothing else') });
    expect(error.message).toMatch(/disabled by configuration|disabled through configuration|has been locked/);
  });

  it('of options', async () => {
    await expect(TraceSession.open({ memoryLimit: 'much' })).rejects.toMatchObject({ code: 'P2M_SQL', blame: 'usage' });
  });

  it.each([
    ['at once', 0, 'select sum(n) from numbers'],
    ['in the first batch', 0, 'from numbers'],
    ['in a stream', 20, 'from numbers'],
  ])('of a source %s, as it was thrown', async (_, bad, sql) => {
    const damage = new P2mError('P2M_DAMAGED', 'a bad batch', { place: { batch: bad } });
    await session.addTable(
      numbers(30, batch => {
        if (batch === bad) throw damage;
      }),
    );
    await expect(session.runAll(sql)).rejects.toBe(damage);
    await expect(session.runAll('from nosuch')).rejects.toMatchObject({ code: 'P2M_SQL' });
  });
});

describe('interrupt', () => {
  const slow = 'select count(*) from numbers a, numbers b where a.n + b.n = 3.5';

  it.each([0, 1, 50])('ends a query after %i ms, and the session goes on', async ms => {
    await session.addTable(numbers(100));
    const query = session.runAll(slow);
    setTimeout(() => session.interrupt(), ms);
    await expect(query).rejects.toMatchObject({ code: 'P2M_INTERRUPTED' });
    expect(await results('select count(*) from numbers')).toEqual([[[6_553_600n]]]);
  });

  it('ends a stream', async () => {
    await session.addTable(numbers(1000));
    for await (const result of session.run('from numbers')) {
      const batches = result.batches();
      await batches.next();
      session.interrupt();
      const rest = (async () => {
        for await (const _ of batches);
      })();
      await expect(rest).rejects.toMatchObject({ code: 'P2M_INTERRUPTED' });
    }
    session.interrupt();
    expect(await results('select 1')).toEqual([[[1]]]);
  });
});

describe('close', () => {
  it('ends a query', async () => {
    const other = await TraceSession.open();
    await other.addTable(numbers(100));
    const query = other.runAll('select count(*) from numbers a, numbers b where a.n + b.n = 3.5');
    const failed = expect(query).rejects.toMatchObject({ code: 'P2M_INTERRUPTED' });
    await new Promise(resolve => setTimeout(resolve, 50));
    await other.close();
    await failed;
    await expect(other.runAll('select 1')).rejects.toMatchObject({ code: 'P2M_INTERRUPTED' });
  });

  it.each(['reads', 'waits'])('ends a stream whose reader %s, and the reader learns of it', async state => {
    const other = await TraceSession.open();
    await other.addTable(numbers(1000));
    const { value } = await other.run('from numbers').next();
    const batches = (value as QueryResult).batches();
    await batches.next();
    const read = async () => {
      for await (const _ of batches);
    };
    if (state === 'waits') {
      await other.close();
      await expect(read()).rejects.toMatchObject({ code: 'P2M_INTERRUPTED' });
    } else {
      const failed = expect(read()).rejects.toMatchObject({ code: 'P2M_INTERRUPTED' });
      await other.close();
      await failed;
    }
  });
});
