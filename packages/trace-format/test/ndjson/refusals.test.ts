import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { importNdjson, P2mError } from '@p2mtrace/trace-format';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.js';

const path = tempDir();

async function* pieces(...all: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of all) yield Buffer.from(piece as string);
}

/** The error of an import, which must leave nothing behind. */
async function errorOf(...all: (string | Uint8Array)[]): Promise<P2mError> {
  const before = readdirSync(dirname(path('x')));
  try {
    await importNdjson(pieces(...all), 'case.ndjson', path('t.arrow'), { batchRows: 2 });
  } catch (error) {
    expect(readdirSync(dirname(path('x')))).toEqual(before);
    if (error instanceof P2mError) return error;
    throw error;
  }
  throw new Error('it was imported');
}

/** Code, place and message of a refused line. */
async function refusalOf(line: string | Uint8Array): Promise<string> {
  const { code, place, message } = await errorOf(line);
  expect(code).toBe('P2M_NDJSON');
  expect([place.file, place.line]).toEqual(['case.ndjson', 1]);
  return place.field === undefined ? message : `[${place.field}] ${message}`;
}

describe('kind', () => {
  test('misspelt', async () => {
    expect(await refusalOf('{"kind":"set_entri","domid":1}')).toMatchInlineSnapshot();
  });
  test('misspelt by a swap', async () => {
    expect(await refusalOf('{"kind":"amrk"}')).toMatchInlineSnapshot();
  });
  test('like none', async () => {
    expect(await refusalOf('{"kind":"frobnicate"}')).toMatchInlineSnapshot();
  });
  test('of an object’s own making', async () => {
    expect(await refusalOf('{"kind":"constructor"}')).toContain('kind "constructor" does not exist; the kinds are');
  });
  test('absent', async () => {
    expect(await refusalOf('{"domid":1}')).toMatchInlineSnapshot();
  });
  test('no string', async () => {
    expect(await refusalOf('{"kind":7}')).toMatchInlineSnapshot();
  });
});

describe('fields', () => {
  test('missing', async () => {
    expect(await refusalOf('{"kind":"put_gfn","domid":1}')).toMatchInlineSnapshot();
  });
  test('missing because null', async () => {
    expect(await refusalOf('{"kind":"put_gfn","domid":null,"gfn":1}')).toMatchInlineSnapshot();
  });
  test('missing under the kind’s own name', async () => {
    expect(await refusalOf('{"kind":"sched_switch","domid":1}')).toMatchInlineSnapshot();
  });
  test('misspelt', async () => {
    expect(await refusalOf('{"kind":"put_gfn","domid":1,"gnf":2}')).toMatchInlineSnapshot();
  });
  test('of another kind', async () => {
    expect(await refusalOf('{"kind":"put_gfn","domid":1,"gfn":2,"runstate":3}')).toMatchInlineSnapshot();
  });
  test('unknown, though null', async () => {
    expect(await refusalOf('{"kind":"mark","comment":null}')).toContain('"comment" is no field of kind mark. Allowed:');
  });
  test('under the name of the column', async () => {
    expect(await refusalOf('{"kind":"mark","arg0":1}')).toMatchInlineSnapshot();
  });
  test('that objects have by themselves', async () => {
    expect(await refusalOf('{"kind":"mark","__proto__":1}')).toContain('"__proto__" is no field of kind mark');
  });
  test('given twice', async () => {
    expect(
      await refusalOf('{"kind":"put_gfn","domid":1,"gfn":2,"symbol":"a\\":","gf\\u006e":3}'),
    ).toMatchInlineSnapshot();
  });
});

describe('integers', () => {
  const gfn = (json: string) => refusalOf(`{"kind":"put_gfn","domid":1,"gfn":${json}}`);
  const order = (json: string) => refusalOf(`{"kind":"put_gfn","domid":1,"gfn":1,"order":${json}}`);
  const rc = (json: string) =>
    refusalOf(`{"kind":"set_entry","domid":1,"gfn":1,"order":0,"p2m_type":"ram_rw","rc":${json}}`);

  test('that JSON does not keep', async () => {
    expect(await gfn('9007199254740993')).toMatchInlineSnapshot();
  });
  test('below zero', async () => {
    expect(await gfn('-1')).toMatchInlineSnapshot();
  });
  test('of 65 bits', async () => {
    expect(await gfn('"0x10000000000000000"')).toMatchInlineSnapshot();
    expect(await gfn('"18446744073709551616"')).toContain('does not fit 64 bits');
    expect(await gfn(`"${'9'.repeat(500_000)}"`)).toContain('does not fit 64 bits');
  });
  test.each(['1.5', '1e999', '"12g"', '"0x"', '""', '" 1"', '"-1"', '"0b1"', 'true', '[1]', '{}'])('%s', async json => {
    expect(await gfn(json)).toMatch(/^\[gfn\] gfn is .+; expected an integer from 0 on, or a decimal or 0x string$/);
  });
  test('out of a column’s range', async () => {
    expect(await order('256')).toMatchInlineSnapshot();
    expect(await order('"0x100"')).toContain('order is "0x100"; expected an integer from 0 to 255');
    expect(await rc('2147483648')).toMatchInlineSnapshot();
    expect(await rc('"-22"')).toContain('rc is "-22"; expected');
  });
});

describe('names', () => {
  const entry = (json: string) =>
    refusalOf(`{"kind":"set_entry","domid":1,"gfn":1,"order":0,"p2m_type":"ram_rw",${json}}`);
  test('of a p2m type', async () => {
    expect(await refusalOf('{"kind":"set_entry","p2m_type":"ram_rx"}')).toMatchInlineSnapshot();
  });
  test('of a p2m type among the free values', async () => {
    expect(await refusalOf('{"kind":"type_change_range","old_type":2}')).toContain(
      '[old_type] old_type is 2; expected one of ram_rw,',
    );
  });
  test('of an access', async () => {
    expect(await entry('"access":"rwxx"')).toMatchInlineSnapshot();
  });
  test('of a mode', async () => {
    expect(await refusalOf('{"kind":"lock_wait","mode":"spin"}')).toMatchInlineSnapshot();
  });
  test.each(['"altp2m"', '"altp2m:1024"', '"altp2m:01"', '"nested:-1"', '"guest"', '1'])(
    'of a view: %s',
    async json => {
      expect(await entry(`"view":${json}`)).toBe(
        `[view] view is ${json}; expected host, altp2m:N or nested:N with N from 0 to 1023`,
      );
    },
  );
  test('of flags', async () => {
    expect(await entry('"flags":"failed"')).toMatchInlineSnapshot();
    expect(await entry('"flags":["faild"]')).toMatchInlineSnapshot();
    expect(await entry('"flags":[1]')).toMatchInlineSnapshot();
    expect(await entry('"flags":["failed","failed"]')).toMatchInlineSnapshot();
  });
  test('that are no strings', async () => {
    expect(await refusalOf('{"kind":"mark","symbol":5}')).toMatchInlineSnapshot();
    expect(await refusalOf('{"kind":"mark","symbol":"\\ud800"}')).toMatchInlineSnapshot();
  });
});

describe('the rest', () => {
  test('a seq that is not the row’s', async () => {
    expect(await refusalOf('{"kind":"mark","seq":5}')).toMatchInlineSnapshot();
    expect(await refusalOf('{"kind":"mark","seq":"0"}')).toContain('seq is "0"; expected 0');
  });
  test('tsc_own', async () => {
    expect(await refusalOf('{"kind":"mark","tsc_own":1}')).toMatchInlineSnapshot();
  });
  test('raw', async () => {
    expect(await refusalOf('{"kind":"unknown","event_id":1,"raw":"abc"}')).toMatchInlineSnapshot();
    expect(await refusalOf(`{"kind":"unknown","event_id":1,"raw":"${'00'.repeat(29)}"}`)).toMatchInlineSnapshot();
  });
});

describe('the header', () => {
  test.each([
    '{"p2mtrace":2}',
    '{"p2mtrace":1,"layout":"P66"}',
    '{"p2mtrace":1,"layuot":"P6"}',
    '{"p2mtrace":1,"p2mNumbering":4.8}',
    '{"p2mtrace":1,"tscHz":0}',
    '{"p2mtrace":1,"tscHz":"fast"}',
    '{"p2mtrace":1,"controlDomains":0}',
    '{"p2mtrace":1,"controlDomains":[0,-1]}',
    '{"p2mtrace":1,"controlDomains":[1.5]}',
    '{"p2mtrace":1,"host":7}',
  ])('%s', async line => {
    expect(await refusalOf(line)).toMatchSnapshot();
  });
  test('behind the first line', async () => {
    const twice = await errorOf('{"p2mtrace":1}\n', '{"p2mtrace":1}\n');
    const late = await errorOf('{"kind":"mark"}\n{"p2mtrace":1}');
    for (const { message, place } of [twice, late]) {
      expect([message, place.line]).toEqual(['a header can only be the first line', 2]);
    }
  });
});

describe('lines', () => {
  test('that are no JSON', async () => {
    expect(await refusalOf('{"kind":"mark",}')).toMatchInlineSnapshot();
    expect(await refusalOf('{"kind":"mark"')).toMatchInlineSnapshot();
    expect(await refusalOf('{"kind":"ma')).toMatchInlineSnapshot();
    expect(await refusalOf('{"kind":"mark"} {}')).toMatchInlineSnapshot();
    expect(await refusalOf('hello')).toContain('the line is not JSON');
  });
  test.each(['[]', '5', '"kind"', 'null', 'true'])('that are no object: %s', async line => {
    expect(await refusalOf(line)).toBe('the line is JSON, but no object; expected {"kind": …}');
  });
  test('that are no text', async () => {
    expect(await refusalOf(Uint8Array.of(0x23, 0xff))).toMatchInlineSnapshot();
    expect(await refusalOf('# \0')).toMatchInlineSnapshot();
    expect(await refusalOf('\ufeff\ufeff{}')).toContain('the line is not JSON');
  });
  test('that are too long, before all of them is in memory', async () => {
    let taken = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (; taken < 1000; taken++) yield new Uint8Array(1 << 16).fill(0x20);
    }
    const error = await importNdjson(endless(), 'case.ndjson', path('t.arrow')).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'P2M_NDJSON',
      message: 'the line is longer than 1048576 bytes',
      place: { line: 1 },
    });
    expect(taken).toBeLessThan(20);
    const fits = `{"kind":"mark"}${' '.repeat((1 << 20) - 15)}`;
    expect((await errorOf(`${fits}\n`, `${fits} \n`)).place).toEqual({ file: 'case.ndjson', line: 2 });
  });
  test('are counted with comments, and nothing of the lines before is kept', async () => {
    const good = '{"kind":"mark"}\n'.repeat(5);
    const { place, remedy } = await errorOf(`# one\n\n${good}`, '{"kind":', '"mork"}\n');
    expect(place).toEqual({ file: 'case.ndjson', line: 8, field: 'kind' });
    expect(remedy).toMatchInlineSnapshot();
  });
});

test('a trace that was there before stays', async () => {
  writeFileSync(path('t.arrow'), 'before');
  await errorOf('{"kind":"mark"}\n{');
  expect(existsSync(path('t.arrow'))).toBe(true);
});

test('an input that breaks off breaks the import off', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('{"kind":"mark"}\n');
    throw new Error('the pipe broke');
  }
  await expect(importNdjson(broken(), 'x', path('b.arrow'))).rejects.toThrow('the pipe broke');
  expect([existsSync(path('b.arrow')), existsSync(path('b.arrow.partial'))]).toEqual([false, false]);
});
