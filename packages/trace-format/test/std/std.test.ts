import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { exportNdjson, exportStd, importStd, TraceReader } from '../../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-std-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function imported(text: string): Promise<TraceReader> {
  const path = join(folder, 'trace.std');
  writeFileSync(path, text);
  await importStd(path, path, join(folder, 'trace.arrow'));
  return TraceReader.open(join(folder, 'trace.arrow'));
}

async function textOf(reader: TraceReader, exporter: typeof exportStd | typeof exportNdjson): Promise<string> {
  let text = '';
  await exporter(reader, piece => {
    text += piece;
  });
  return text;
}

const LINES = `T0|fork(T2)|123
T2|req(L34)|119
T2|acq(L34)|120
T2|r(V1)|121
T2|w(V0)|122
T2|rel(L34)|130
T0|join(T2)|134
`;

test('what is read is written again, with variables by number', async () => {
  const reader = await imported(LINES);
  // Variables are numbered as they come.
  expect(await textOf(reader, exportStd)).toBe(LINES.replace('V1', 'V2').replace('V0', 'V1').replace('V2', 'V0'));
  expect(reader.metadata.format).toBe('std');
});

test('threads are pcpus, a fork comes before what the thread does, a join after it', async () => {
  const lines = (await textOf(await imported(LINES), exportNdjson)).trim().split('\n').slice(1);
  const events = lines.map(line => JSON.parse(line));
  expect(events.map(({ kind, pcpu }) => [kind, pcpu])).toEqual([
    ['page_use', 0],
    ['page_use', 2],
    ['lock_wait', 2],
    ['lock_acquire', 2],
    ['page_use', 2],
    ['page_use', 2],
    ['lock_release', 2],
    ['page_use', 2],
    ['page_use', 0],
  ]);
  expect(events[0]).toMatchObject({ mfn: events[1].mfn, flags: ['write'], symbol: '123' });
  expect(events[1].flags).toEqual(['read']);
  expect(events[7]).toMatchObject({ mfn: events[8].mfn, flags: ['write'] });
  expect(events[3]).toMatchObject({ lock_class: 'L34', mode: 'mutex', symbol: '120' });
});

test('a line that is none ends the import, with its number', async () => {
  await expect(imported('T1|acq(L1)|1\nT1|open(L1)|2\n')).rejects.toMatchObject({
    code: 'P2M_STD',
    place: { line: 2 },
  });
  await expect(imported('T1 acq L1\n')).rejects.toMatchObject({ code: 'P2M_STD', place: { line: 1 } });
});

test('names of threads that are no numbers get numbers of their own', async () => {
  const reader = await imported('main|acq(l)|1\nT0|acq(m)|2\nT0|rel(m)|3\nmain|rel(l)|4\n');
  expect(await textOf(reader, exportStd)).toBe('T0|acq(l)|1\nT1|acq(m)|2\nT1|rel(m)|3\nT0|rel(l)|4\n');
});
