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
    expect(await refusalOf('{"kind":"set_entri","domid":1}')).toMatchInlineSnapshot(
      `"[kind] kind "set_entri" does not exist; did you mean set_entry?"`,
    );
  });
  test('misspelt by a swap', async () => {
    expect(await refusalOf('{"kind":"amrk"}')).toMatchInlineSnapshot(
      `"[kind] kind "amrk" does not exist; did you mean mark?"`,
    );
  });
  test('like none', async () => {
    expect(await refusalOf('{"kind":"frobnicate"}')).toMatchInlineSnapshot(
      `"[kind] kind "frobnicate" does not exist; the kinds are lookup, put_gfn, set_entry, type_change_range, m2p_set, get_page, get_page_failed, put_page, alloc_ref_drop, get_type, put_type, page_alloc, page_free, owner_set, page_use, lock_wait, lock_acquire, lock_release, pod_populate, pod_zero_reclaim, pod_splinter, pod_cache_add, pod_cache_get, page_nominate, page_evict, page_populate, page_prep, page_resume, share_nominate, share_pages, unshare, rmap_add, rmap_del, view_create, view_destroy, view_reset, view_switch, remap, grant_map, grant_unmap, grant_transfer, foreign_map, foreign_unmap, decrease_reservation, tlb_flush, tlb_flush_deferred, phys_to_machine_set, m2p_override_add, m2p_override_remove, sched_switch, domain_create, domain_destroy, npf, snapshot, lost, mark, unknown, snapshot_m2p, snapshot_rmap, snapshot_view, snapshot_remap, snapshot_pod, snapshot_paging, snapshot_grant, snapshot_foreign, snapshot_linux, snapshot_override, snapshot_vcpu, snapshot_translation, snapshot_tlb, snapshot_lock, snapshot_level, snapshot_type_change, domain_dying, p2m_table_alloc, p2m_table_free"`,
    );
  });
  test('of an object’s own making', async () => {
    expect(await refusalOf('{"kind":"constructor"}')).toContain('kind "constructor" does not exist; the kinds are');
  });
  test('absent', async () => {
    expect(await refusalOf('{"domid":1}')).toMatchInlineSnapshot(`"[kind] kind is required"`);
  });
  test('no string', async () => {
    expect(await refusalOf('{"kind":7}')).toMatchInlineSnapshot(`"[kind] kind is 7; expected a string"`);
  });
});

describe('fields', () => {
  test('missing', async () => {
    expect(await refusalOf('{"kind":"put_gfn","domid":1}')).toMatchInlineSnapshot(
      `"[gfn] gfn is required for kind put_gfn"`,
    );
  });
  test('missing because null', async () => {
    expect(await refusalOf('{"kind":"put_gfn","domid":null,"gfn":1}')).toMatchInlineSnapshot(
      `"[domid] domid is required for kind put_gfn"`,
    );
  });
  test('missing under the kind’s own name', async () => {
    expect(await refusalOf('{"kind":"sched_switch","domid":1}')).toMatchInlineSnapshot(
      `"[vcpu] vcpu is required for kind sched_switch"`,
    );
  });
  test('misspelt', async () => {
    expect(await refusalOf('{"kind":"put_gfn","domid":1,"gnf":2}')).toMatchInlineSnapshot(
      `"[gnf] "gnf" is no field of kind put_gfn; did you mean gfn? Allowed: seq, kind, domid, gfn, view, order, tsc, tsc_own, pcpu, cur_domid, cur_vcpu, caller, symbol"`,
    );
  });
  test('of another kind', async () => {
    expect(await refusalOf('{"kind":"put_gfn","domid":1,"gfn":2,"runstate":3}')).toMatchInlineSnapshot(
      `"[runstate] "runstate" is no field of kind put_gfn. Allowed: seq, kind, domid, gfn, view, order, tsc, tsc_own, pcpu, cur_domid, cur_vcpu, caller, symbol"`,
    );
  });
  test('unknown, though null', async () => {
    expect(await refusalOf('{"kind":"mark","comment":null}')).toContain('"comment" is no field of kind mark. Allowed:');
  });
  test('under the name of the column', async () => {
    expect(await refusalOf('{"kind":"mark","arg0":1}')).toMatchInlineSnapshot(
      `"[arg0] "arg0" is no field of kind mark. Allowed: seq, kind, value, tsc, tsc_own, pcpu, cur_domid, cur_vcpu, caller, symbol"`,
    );
  });
  test('that objects have by themselves', async () => {
    expect(await refusalOf('{"kind":"mark","__proto__":1}')).toContain('"__proto__" is no field of kind mark');
  });
  test('given twice', async () => {
    expect(
      await refusalOf('{"kind":"put_gfn","domid":1,"gfn":2,"symbol":"a\\":","gf\\u006e":3}'),
    ).toMatchInlineSnapshot(`"[gfn] gfn is given twice"`);
  });
});

describe('integers', () => {
  const gfn = (json: string) => refusalOf(`{"kind":"put_gfn","domid":1,"gfn":${json}}`);
  const order = (json: string) => refusalOf(`{"kind":"put_gfn","domid":1,"gfn":1,"order":${json}}`);
  const rc = (json: string) =>
    refusalOf(`{"kind":"set_entry","domid":1,"gfn":1,"order":0,"p2m_type":"ram_rw","rc":${json}}`);

  test('that JSON does not keep', async () => {
    expect(await gfn('9007199254740993')).toMatchInlineSnapshot(
      `"[gfn] gfn is above 2^53 - 1, where JSON numbers are not exact; write it as a string"`,
    );
  });
  test('below zero', async () => {
    expect(await gfn('-1')).toMatchInlineSnapshot(
      `"[gfn] gfn is -1; expected an integer from 0 on, or a decimal or 0x string"`,
    );
  });
  test('of 65 bits', async () => {
    expect(await gfn('"0x10000000000000000"')).toMatchInlineSnapshot(
      `"[gfn] gfn is "0x10000000000000000", which does not fit 64 bits"`,
    );
    expect(await gfn('"18446744073709551616"')).toContain('does not fit 64 bits');
    expect(await gfn(`"${'9'.repeat(500_000)}"`)).toContain('does not fit 64 bits');
  });
  test.each(['1.5', '1e999', '"12g"', '"0x"', '""', '" 1"', '"-1"', '"0b1"', 'true', '[1]', '{}'])('%s', async json => {
    expect(await gfn(json)).toMatch(/^\[gfn\] gfn is .+; expected an integer from 0 on, or a decimal or 0x string$/);
  });
  test('out of a column’s range', async () => {
    expect(await order('256')).toMatchInlineSnapshot(`"[order] order is 256; expected an integer from 0 to 255"`);
    expect(await order('"0x100"')).toContain('order is "0x100"; expected an integer from 0 to 255');
    expect(await rc('2147483648')).toMatchInlineSnapshot(
      `"[rc] rc is 2147483648; expected an integer from -2147483648 to 2147483647"`,
    );
    expect(await rc('"-22"')).toContain('rc is "-22"; expected');
  });
});

describe('names', () => {
  const entry = (json: string) =>
    refusalOf(`{"kind":"set_entry","domid":1,"gfn":1,"order":0,"p2m_type":"ram_rw",${json}}`);
  test('of a p2m type', async () => {
    expect(await refusalOf('{"kind":"set_entry","p2m_type":"ram_rx"}')).toMatchInlineSnapshot(
      `"[p2m_type] p2m_type is "ram_rx"; expected one of ram_rw, invalid, ram_logdirty, ram_ro, mmio_dm, mmio_direct, populate_on_demand, grant_map_rw, grant_map_ro, ram_paging_out, ram_paged, ram_paging_in, ram_shared, ram_broken, map_foreign, ioreq_server, mmio_write_dm, ram_paging_in_start"`,
    );
  });
  test('of a p2m type among the free values', async () => {
    expect(await refusalOf('{"kind":"type_change_range","old_type":2}')).toContain(
      '[old_type] old_type is 2; expected one of the strings ram_rw,',
    );
  });
  test('of an access', async () => {
    expect(await entry('"access":"rwxx"')).toMatchInlineSnapshot(
      `"[access] access is "rwxx"; expected one of n, r, w, rw, x, rx, wx, rwx, rx2rw, n2rwx, r_pw"`,
    );
  });
  test('of a mode', async () => {
    expect(await refusalOf('{"kind":"lock_wait","mode":"spin"}')).toMatchInlineSnapshot(
      `"[mode] mode is "spin"; expected one of mutex, write, read, external"`,
    );
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
    expect(await entry('"flags":"failed"')).toMatchInlineSnapshot(
      `"[flags] flags is "failed"; expected an array of flag names"`,
    );
    expect(await entry('"flags":["faild"]')).toMatchInlineSnapshot(
      `"[flags] flags has "faild", which is no flag; did you mean failed?"`,
    );
    expect(await entry('"flags":[1]')).toMatchInlineSnapshot(
      `"[flags] flags has 1, which is no flag; the flags are locked, read_locked, alloc, unshare, failed, attempt, light, recursive, shared, map, unmap, read, write, foreign, identity, readonly, device_map, host_map, application_map, contains_pte, allocated, free, stale, unowned, can_fail, guest_avail0, guest_avail1, guest_avail2, counted"`,
    );
    expect(await entry('"flags":["failed","failed"]')).toMatchInlineSnapshot(`"[flags] flags has failed twice"`);
  });
  test('that are no strings', async () => {
    expect(await refusalOf('{"kind":"mark","symbol":5}')).toMatchInlineSnapshot(
      `"[symbol] symbol is 5; expected a string"`,
    );
    expect(await refusalOf('{"kind":"mark","symbol":"\\ud800"}')).toMatchInlineSnapshot(
      `"[symbol] symbol has half a surrogate pair, which is no character"`,
    );
  });
});

describe('the rest', () => {
  test('a seq that is not the row’s', async () => {
    expect(await refusalOf('{"kind":"mark","seq":5}')).toMatchInlineSnapshot(
      `"[seq] seq is 5; expected 0: events are numbered from 0 without a gap; leave seq out to have them numbered"`,
    );
    expect(await refusalOf('{"kind":"mark","seq":"0"}')).toContain('seq is "0"; expected 0');
  });
  test('tsc_own', async () => {
    expect(await refusalOf('{"kind":"mark","tsc_own":1}')).toMatchInlineSnapshot(
      `"[tsc_own] tsc_own is 1; expected true or false"`,
    );
  });
  test('raw', async () => {
    expect(await refusalOf('{"kind":"unknown","event_id":1,"raw":"abc"}')).toMatchInlineSnapshot(
      `"[raw] raw is "abc"; expected hex digits, two a byte"`,
    );
    expect(await refusalOf(`{"kind":"unknown","event_id":1,"raw":"${'00'.repeat(29)}"}`)).toMatchInlineSnapshot(
      `"[raw] raw has 29 bytes; a record has 28 at the most"`,
    );
  });
});

describe('the header', () => {
  const allowed = 'layout, xenVersion, p2mNumbering, tscHz, controlDomains, host';
  test.each([
    ['{"p2mtrace":2}', '[p2mtrace] p2mtrace is 2; expected 1'],
    ['{"p2mtrace":1,"layout":"P66"}', '[layout] layout is "P66"; expected one of P0, P1, P2, P3, P4, P5, P6, P7, P8'],
    [
      '{"p2mtrace":1,"layuot":"P6"}',
      `[layuot] "layuot" is no field of the header; did you mean layout? Allowed: ${allowed}`,
    ],
    ['{"p2mtrace":1,"counts":{}}', `[counts] "counts" is no field of the header. Allowed: ${allowed}`],
    [
      '{"p2mtrace":1,"p2mNumbering":4.8}',
      '[p2mNumbering] p2mNumbering is 4.8; expected one of the strings 4.0, 4.2, 4.6, 4.8',
    ],
    ['{"p2mtrace":1,"tscHz":0}', '[tscHz] tscHz is 0; expected a number above 0'],
    ['{"p2mtrace":1,"tscHz":"fast"}', '[tscHz] tscHz is "fast"; expected a number'],
    ['{"p2mtrace":1,"controlDomains":0}', '[controlDomains] controlDomains is 0; expected an array'],
    ['{"p2mtrace":1,"controlDomains":[0,-1]}', '[controlDomains] controlDomains.1 is -1; expected a number from 0 on'],
    ['{"p2mtrace":1,"controlDomains":[1.5]}', '[controlDomains] controlDomains.0 is 1.5; expected an integer'],
    ['{"p2mtrace":1,"host":7}', '[host] host is 7; expected a string'],
  ])('%s', async (line, message) => {
    expect(await refusalOf(line)).toBe(message);
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
    expect(await refusalOf('{"kind":"mark",}')).toMatchInlineSnapshot(`"the line is not JSON from column 16 on"`);
    expect(await refusalOf('{"kind":"mark"')).toMatchInlineSnapshot(`"the line is not JSON: it ends too early"`);
    expect(await refusalOf('{"kind":"ma')).toMatchInlineSnapshot(`"the line is not JSON: it ends too early"`);
    expect(await refusalOf('{"kind":"mark"} {}')).toMatchInlineSnapshot(`"the line is not JSON from column 17 on"`);
    expect(await refusalOf('hello')).toContain('the line is not JSON');
  });
  test.each(['[]', '5', '"kind"', 'null', 'true'])('that are no object: %s', async line => {
    expect(await refusalOf(line)).toBe('the line is JSON, but no object; expected {"kind": …}');
  });
  test('that are no text', async () => {
    expect(await refusalOf(Uint8Array.of(0x23, 0xff))).toMatchInlineSnapshot(`"the line is not valid UTF-8"`);
    expect(await refusalOf('# \0')).toMatchInlineSnapshot(`"the line has a NUL byte: this is no text"`);
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
    expect(remedy).toMatchInlineSnapshot(`"correct the line and import again; nothing was written"`);
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
