import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ColumnSource, TraceSession } from '../../src/index.js';
import type { FactTable } from '../../src/sql/fact-table.js';

const ROWS = 40_001;
const numbers = Array.from({ length: ROWS }, (_, i) => i);
const names = Array.from({ length: 256 }, (_, i) => `name ${i}`);

/** Arrays are longer than the table, as those of a growing table are. */
function facts(): FactTable {
  const room = ROWS + 1000;
  const fill = <T extends { [i: number]: unknown }>(array: T, value: (i: number) => T[number]) => {
    for (const i of numbers) array[i] = value(i);
    return array;
  };
  const pairs = new Uint32Array(2 * room);
  for (const i of numbers) pairs.set([i, 0x8000_0000], 2 * i);
  return {
    name: 'facts',
    rows: ROWS,
    columns: [
      { name: 'seq', type: 'seq', values: fill(new Float64Array(room), i => (i % 3 === 0 ? Number.NaN : 2 ** 40 + i)) },
      { name: 'u64', type: 'u64', values: pairs, valid: fill(new Uint8Array(room), i => (i % 11 === 0 ? 0 : 1)) },
      { name: 'i64', type: 'i64', values: fill(new BigInt64Array(room), i => -BigInt(i)) },
      { name: 'i32', type: 'i32', values: fill(new Int32Array(room), i => -i) },
      { name: 'f64', type: 'f64', values: fill(new Float64Array(room), i => i / 8) },
      { name: 'bool', type: 'bool', values: fill(new Uint8Array(room), i => i & 1) },
      { name: 'narrow', type: 'u16', values: fill(new Uint16Array(room), i => i % 200), names: names.slice(0, 200) },
      { name: 'id', type: 'id', values: fill(new Int32Array(room), i => (i % 7) - 1) },
      { name: 'tsc', type: 'tsc', values: pairs.map((word, i) => (i % 8 < 2 ? 0 : word)) },
      { name: 'named', type: 'id', values: fill(new Int32Array(room), i => (i % 3) - 1), names: ['a', 'b'] },
      { name: 'wide', type: 'u8', values: fill(new Uint8Array(room), i => i % 256), names },
    ],
  };
}

const expected = numbers.map(i => [
  i % 3 === 0 ? null : BigInt(2 ** 40 + i),
  i % 11 === 0 ? null : 0x8000_0000_0000_0000n + BigInt(i),
  -BigInt(i),
  -i,
  i / 8,
  (i & 1) === 1,
  names[i % 200],
  i % 7 === 0 ? null : (i % 7) - 1,
  i % 4 === 0 ? null : 0x8000_0000_0000_0000n + BigInt(i),
  [null, 'a', 'b'][i % 3],
  names[i % 256],
]);

let session: TraceSession;
beforeEach(async () => {
  session = await TraceSession.open({ threads: 2 });
});
afterEach(() => session.close());

describe('a table in memory', () => {
  it('has every value of every type', async () => {
    await session.addTable(facts());
    const { rows, columns } = await session.runAll('select * from facts');
    expect(columns.map(column => column.type)).toEqual([
      'UBIGINT',
      'UBIGINT',
      'BIGINT',
      'INTEGER',
      'DOUBLE',
      'BOOLEAN',
      'ENUM',
      'INTEGER',
      'UBIGINT',
      'ENUM',
      'ENUM',
    ]);
    expect(rows).toEqual(expected.map(row => row.map(value => (Object.is(value, -0) ? 0 : value))));
  });

  it('that is lazy is computed once, when a statement mentions it', async () => {
    let computed = 0;
    session.addLazyTables(['facts'], () => {
      computed++;
      return [facts()];
    });
    await session.runAll("select 'factsheet', 1 as my_facts_2");
    expect(computed).toBe(0);
    expect((await session.runAll('select 1; select count(*) from FACTS')).rows).toEqual([[BigInt(ROWS)]]);
    await session.runAll('select * from "facts" limit 1');
    expect(computed).toBe(1);
  });

  it('that is lazy is computed together with the others that a statement mentions', async () => {
    const asked: (readonly string[])[] = [];
    session.addLazyTables(['facts', 'more', 'others'], names => {
      asked.push(names);
      return names.map(name => ({ ...facts(), name }));
    });
    await session.runAll('select * from facts join more using (seq) limit 1');
    expect(asked).toEqual([['facts', 'more']]);
    await session.runAll('select 1 from more, others limit 1');
    expect(asked).toEqual([['facts', 'more'], ['others']]);
  });

  it('that is lazy is tried again when it could not be computed', async () => {
    let computed = 0;
    session.addLazyTables(['facts'], () => {
      if (computed++ === 0) throw new Error('no replay');
      return [facts()];
    });
    await expect(session.runAll('from facts')).rejects.toThrow('no replay');
    expect((await session.runAll('select count(*) from facts')).rows).toEqual([[BigInt(ROWS)]]);
  });

  it('is refused with names that SQL can not have', async () => {
    const column = { name: 'c', type: 'u8', values: new Uint8Array(1), names: ['a', 'a'] } as const;
    const add = session.addTable({ name: 't', rows: 1, columns: [column] });
    await expect(add).rejects.toMatchObject({ code: 'P2M_NAMES', place: { field: 'c' } });
  });

  it('is refused with a code that has no name, but not under a null', async () => {
    const column = { name: 'c', type: 'u8', values: Uint8Array.of(0, 7), names: ['a'] } as const;
    await session.addTable({ name: 'bad', rows: 2, columns: [column] });
    await expect(session.runAll('from bad')).rejects.toMatchObject({ code: 'P2M_DAMAGED' });
    await session.addTable({ name: 'good', rows: 2, columns: [{ ...column, valid: Uint8Array.of(1, 0) }] });
    expect((await session.runAll('from good')).rows).toEqual([['a'], [null]]);
  });

  it('may come in empty batches', async () => {
    const source: ColumnSource = {
      name: 'batches',
      rows: 3,
      columns: [{ name: 'n', type: 'u8' }],
      *scan(wanted) {
        for (const bytes of [[], [1], [], [], [2, 3], []]) {
          yield {
            rows: bytes.length,
            columns: wanted.map(() => ({ values: Uint8Array.from(bytes), validity: undefined })),
          };
        }
      },
    };
    await session.addTable(source);
    expect((await session.runAll('from batches')).rows).toEqual([[1], [2], [3]]);
  });
});
