import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import {
  exportNdjson,
  importNdjson,
  type NdjsonImportOptions,
  type TraceMetadata,
  TraceReader,
} from '@p2mtrace/trace-format';
import { describe, expect, test } from 'vitest';
import { type FullRow, readRows, writeRows } from '../support/rows.js';
import { tempDir } from '../support/temp-dir.js';

const path = tempDir();

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text, 'utf8');
}

async function imported(text: string, options?: NdjsonImportOptions): Promise<FullRow[]> {
  await importNdjson(once(text), 'case.ndjson', path('t.arrow'), options);
  return readRows(path('t.arrow'));
}

async function metadataOf(text: string, options?: NdjsonImportOptions): Promise<TraceMetadata> {
  const returned = await importNdjson(once(text), 'a/b/case.ndjson', path('t.arrow'), options);
  const reader = TraceReader.open(path('t.arrow'));
  reader.close();
  expect(reader.metadata).toEqual({ ...returned, counts: {}, hasResults: false });
  return returned;
}

/** Only what a row has. */
function present(row: FullRow | undefined): Partial<FullRow> {
  return Object.fromEntries(Object.entries(row ?? {}).filter(([, value]) => value !== null)) as Partial<FullRow>;
}

test('a case as a person writes it', async () => {
  const rows = await imported(`\ufeff# a page is mapped, looked up and used
{"p2mtrace": 1, "layout": "P8"}

  // the guest's page\r
{"kind": "set_entry", "domid": 1, "gfn": "0x1234", "mfn": "0x9FE5E", "order": 0, "p2m_type": "ram_rw", "rc": null}\r
\t
{"kind": "lookup", "domid": "0x7ff1", "gfn": 4660, "p2m_type": "ram_rw", "flags": ["locked", "alloc"], "tsc": 12, "view": "altp2m:1"}
{"order": 9, "kind": "page_free", "mfn": "00655966", "seq": 2}`);
  expect(rows.map(present)).toEqual([
    { seq: 0n, kind: 'set_entry', tsc_own: false, domid: 1, gfn: 0x1234n, mfn: 0x9fe5en, order: 0, p2m_type: 'ram_rw' },
    {
      seq: 1n,
      kind: 'lookup',
      tsc: 12n,
      tsc_own: true,
      domid: 0x7ff1,
      gfn: 0x1234n,
      p2m_type: 'ram_rw',
      flags: 0b101,
      view: 'altp2m:1',
    },
    { seq: 2n, kind: 'page_free', tsc_own: false, mfn: 655_966n, order: 9 },
  ]);
});

test.each([
  ['0', 0n],
  ['-0', 0n],
  ['9007199254740991', 2n ** 53n - 1n],
  ['1e3', 1000n],
  ['"9007199254740993"', 2n ** 53n + 1n],
  ['"0xffffffffffffffff"', 2n ** 64n - 1n],
  ['"18446744073709551615"', 2n ** 64n - 1n],
  ['"0x00000000000000000000000000000001"', 1n],
])('the u64 %s', async (json, value) => {
  const [row] = await imported(`{"kind":"mark","value":${json},"caller":${json},"tsc":${json}}`);
  expect(row).toMatchObject({ arg0: value, caller: value, tsc: value });
});

describe('class and level of a lock', () => {
  test.each([
    // docs/xen.md#lock-levels: p2m is 16, paging 64; the control domain's are 64 higher.
    ['"lock_class":"p2m"', 'p2m', 16],
    ['"lock_class":"paging"', 'paging', 64],
    ['"level":16', 'p2m', 16],
    ['"level":80', 'p2m', 80],
    ['"level":128', 'paging', 128],
    ['"lock_class":"domctl"', 'domctl', null],
    ['"level":17', null, 17],
    ['"level":0', null, 0],
    ['"lock_class":"p2m","level":8', 'p2m', 8],
    ['"mode":"read"', null, null],
  ])('%s', async (json, lockClass, level) => {
    const [row] = await imported(
      `{"kind":"lock_acquire","lock":1,"mode":"mutex",${json}}`.replace('"mode":"mutex","mode"', '"mode"'),
    );
    expect([row?.lock_class, row?.level]).toEqual([lockClass, level]);
  });

  test('of a snapshot are as they are written', async () => {
    const [row] = await imported('{"kind":"snapshot","lock":1,"level":16}');
    expect(row?.lock_class).toBeNull();
  });
});

test.each([
  ['', null, false],
  [',"tsc":5', 5n, true],
  [',"tsc":5,"tsc_own":true', 5n, true],
  [',"tsc":5,"tsc_own":false', 5n, false],
  [',"tsc":5,"tsc_own":null', 5n, true],
  [',"tsc_own":true', null, true],
])('a TSC is the record’s own unless it says otherwise: %j', async (json, tsc, own) => {
  const [row] = await imported(`{"kind":"mark"${json}}`);
  expect([row?.tsc, row?.tsc_own]).toEqual([tsc, own]);
});

test('the p2m type among the free values', async () => {
  const [row] = await imported(
    '{"kind":"type_change_range","domid":1,"gfn":0,"end":512,"p2m_type":"ram_rw","old_type":"ram_logdirty"}',
  );
  // ram_logdirty is number 2 since Xen 4.2 (docs/xen.md#p2m-types).
  expect(row).toMatchObject({ arg0: 512n, arg1: 2n });
});

describe('the header', () => {
  const assumed = ['page_info layout P6 (layout or xenVersion in the header say otherwise)'];
  const basis = { source: 'case.ndjson', format: 'ndjson', p2mNumbering: '4.8', controlDomains: [0], layout: 'P6' };

  test('is not needed, nor anything else', async () => {
    expect(await metadataOf('')).toEqual({ ...basis, assumed });
    expect(await metadataOf('{"p2mtrace":1}')).toEqual({ ...basis, assumed });
  });

  test('decides', async () => {
    const text = '{"p2mtrace":1,"layout":"P2","host":null,"controlDomains":[0,3],"tscHz":2.5e9}';
    expect(await metadataOf(text)).toEqual({
      ...basis,
      layout: 'P2',
      controlDomains: [0, 3],
      tscHz: 2.5e9,
      assumed: [],
    });
  });

  test('gives a layout with its version', async () => {
    const text = '{"p2mtrace":1,"xenVersion":"4.18.2"}';
    expect(await metadataOf(text)).toEqual({ ...basis, xenVersion: '4.18.2', layout: 'P7', assumed: [] });
  });

  test('gives way to who imports', async () => {
    const options = { header: { layout: 'P3', host: undefined } };
    const text = '{"p2mtrace":1,"layout":"P2","host":"h"}';
    expect(await metadataOf(text, options)).toEqual({ ...basis, layout: 'P3', host: 'h', assumed: [] });
  });
});

test('a file is read as a stream is', async () => {
  // Longer than any buffer, with a line across the edge of each.
  const line = (i: number) => JSON.stringify({ kind: 'mark', value: i, symbol: 'ä'.repeat(1 + (i % 90)) });
  const text = Array.from({ length: 8000 }, (_, i) => line(i)).join('\n');
  writeFileSync(path('big.ndjson'), text);
  const progress: number[] = [];
  const options = { batchRows: 1000, onProgress: (bytes: number) => progress.push(bytes) };
  await importNdjson(path('big.ndjson'), 'big.ndjson', path('big.arrow'), options);
  const rows = readRows(path('big.arrow'));
  expect(rows).toHaveLength(8000);
  expect(rows.every((row, i) => row.arg0 === BigInt(i) && row.symbol === 'ä'.repeat(1 + (i % 90)))).toBe(true);
  expect(progress.at(-1)).toBe(Buffer.byteLength(text));
  expect(progress.length).toBeGreaterThan(2);
});

test('paths that are no file are told as everywhere', async () => {
  mkdirSync(path('dir'));
  await expect(importNdjson(path('absent'), 'x', path('t.arrow'))).rejects.toMatchObject({ code: 'P2M_OPEN' });
  await expect(importNdjson(path('dir'), 'x', path('t.arrow'))).rejects.toMatchObject({ code: 'P2M_NOT_A_FILE' });
  await expect(importNdjson(once(''), 'x', path('no/t.arrow'))).rejects.toMatchObject({ code: 'P2M_WRITE' });
});

describe('the text of a trace', () => {
  async function exported(file: string, options?: Parameters<typeof exportNdjson>[2]): Promise<string[]> {
    const reader = TraceReader.open(file);
    let text = '';
    const write = (chunk: string) => {
      text += chunk;
    };
    await exportNdjson(reader, write, options);
    reader.close();
    return text.trimEnd().split('\n');
  }

  test('is as a person would write it', async () => {
    writeRows(path('e.arrow'), [
      {
        kind: 'set_entry',
        tsc: 7n,
        tsc_own: true,
        domid: 1,
        gfn: 0x1234n,
        mfn: 0xab_0000_00cdn,
        order: 0,
        p2m_type: 'ram_rw',
        flags: 0,
      },
      {
        kind: 'lock_acquire',
        tsc: 2n ** 63n,
        lock: 0xffff_8300_0000_0000n,
        lock_class: 'p2m',
        level: 80,
        mode: 'write',
        flags: 128,
      },
      { kind: 'get_type', tsc_own: true, mfn: 0n, rc: -22, arg0: 2n ** 61n, caller: 0xabn, symbol: 'f"\\\n\u2028' },
      { kind: 'unknown', arg0: 0x10f8ffn, raw: '00ff', pcpu: 3, cur_domid: 0, cur_vcpu: 1 },
    ]);
    expect(await exported(path('e.arrow'))).toEqual([
      '{"p2mtrace":1,"layout":"P6","p2mNumbering":"4.8","controlDomains":[0]}',
      '{"seq":0,"kind":"set_entry","domid":1,"gfn":"0x1234","order":0,"p2m_type":"ram_rw","mfn":"0xab000000cd","flags":[],"tsc":7}',
      '{"seq":1,"kind":"lock_acquire","lock":"0xffff830000000000","mode":"write","lock_class":"p2m","level":80,"flags":["recursive"],"tsc":"9223372036854775808","tsc_own":false}',
      '{"seq":2,"kind":"get_type","mfn":"0x0","rc":-22,"requested":"0x2000000000000000","tsc_own":true,"caller":"0xab","symbol":"f\\"\\\\\\n\u2028"}',
      '{"seq":3,"kind":"unknown","event_id":"0x10f8ff","raw":"00ff","pcpu":3,"cur_domid":0,"cur_vcpu":1}',
    ]);
  });

  test('of a part keeps the seqs', async () => {
    const rows = Array.from({ length: 10 }, () => ({ kind: 'mark' as const }));
    writeRows(path('p.arrow'), rows, 3);
    const seqs = async (from?: number, to?: number) =>
      (await exported(path('p.arrow'), { from, to })).slice(1).map(line => JSON.parse(line).seq);
    expect(await seqs(2, 7)).toEqual([2, 3, 4, 5, 6]);
    expect(await seqs(9)).toEqual([9]);
    expect(await seqs(undefined, 1)).toEqual([0]);
    expect(await seqs(4, 4)).toEqual([]);
    expect(await seqs(10, 20)).toEqual([]);
  });

  test('has columns that the kind should not have', async () => {
    writeRows(path('s.arrow'), [{ kind: 'mark', gfn: 1n, arg1: 2n }]);
    expect((await exported(path('s.arrow')))[1]).toBe('{"seq":0,"kind":"mark","gfn":"0x1","arg1":"0x2"}');
  });

  test('never loses flags without a name', async () => {
    writeRows(path('f.arrow'), [{ kind: 'lookup', domid: 1, flags: 2 ** 31 }]);
    await expect(exported(path('f.arrow'))).rejects.toMatchObject({
      code: 'P2M_NDJSON',
      message: "event 0 can't be written: flags has bits without a name: 0x80000000",
    });
  });

  test('comes in chunks, each taken before the next is made', async () => {
    writeRows(
      path('c.arrow'),
      Array.from({ length: 5000 }, (_, i) => ({ kind: 'mark' as const, arg0: BigInt(i), symbol: `symbol ${i}` })),
      700,
    );
    const reader = TraceReader.open(path('c.arrow'));
    const chunks: string[] = [];
    let busy = false;
    await exportNdjson(reader, async chunk => {
      expect(busy).toBe(false);
      busy = true;
      await new Promise(resolve => setImmediate(resolve));
      busy = false;
      chunks.push(chunk);
    });
    reader.close();
    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks.every(chunk => chunk.endsWith('\n') && chunk.length < 1 << 17)).toBe(true);
    await imported(chunks.join(''));
    expect(readFileSync(path('t.arrow')).length).toBeGreaterThan(0);
  });
});

test.each(['\r', '\r\n', '\n', '\n\r'])('lines that end in %j, in whatever pieces', async ending => {
  const lines = ['# comment', '{"kind":"mark","value":1}', '', '{"kind":"mark","value":2}', '{"kind":"nosuch"}'];
  const sound = Buffer.from(lines.slice(0, 4).join(ending) + ending);
  const broken = Buffer.from(lines.join(ending));
  async function* inPieces(bytes: Buffer, size: number) {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  for (const size of [1, 2, 7, 1000]) {
    await importNdjson(inPieces(sound, size), 'case.ndjson', path('t.arrow'));
    expect(readRows(path('t.arrow')).map(({ arg0 }) => arg0)).toEqual([1n, 2n]);
    // LF CR is two ends, as editors count.
    const place = ending === '\n\r' ? {} : { place: { line: 5 } };
    await expect(importNdjson(inPieces(broken, size), 'case.ndjson', path('t.arrow'))).rejects.toMatchObject(place);
  }
});
