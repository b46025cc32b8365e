import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import type { JudgedTrace } from '../../src/dataset/add-trace.js';
import { Dataset } from '../../src/dataset/dataset.js';
import { writeSealed } from '../../src/output/sealed-file.js';
import { needsBuild, p2mtrace, tempDir } from '../support/cli.js';
import { add, corpusCase, corpusTrace, judgedTrace } from '../support/datasets.js';

needsBuild();
const temp = tempDir();
let leak: JudgedTrace;

beforeAll(async () => {
  leak = await judgedTrace(await corpusTrace('refcount.leak', temp('leak.arrow')));
});

it('has no name that DuckDB would take for a pattern, and read others by', async () => {
  await add(temp('axb'), leak);
  for (const name of ['a*b', 'a?b', 'a[x]b']) {
    expect(() => Dataset.make(temp(name), () => undefined)).toThrow(expect.objectContaining({ code: 'P2M_DATASET' }));
    const { code, stderr } = p2mtrace(['sql', '--dataset', temp(name), 'select count(*) from findings']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('P2M_DATASET')]);
    expect(existsSync(temp(name))).toBe(false);
  }
});

it('is no place for an output', async () => {
  const path = temp('outputs');
  await add(path, leak);
  const head = readFileSync(`${path}/dataset.json`, 'utf8');
  const refused = [
    ['sql', '--dataset', path, 'select 1', '-o', `${path}/dataset.json`, '--format', 'json'],
    ['trend', '--dataset', path, '--format', 'html', '-o', `${path}/facts/x.html`],
    ['audit', temp('leak.arrow'), '--state', temp('state'), '--dataset', path, '--reporter', `json=${path}/a.json`],
  ];
  for (const args of refused) {
    const { code, stderr } = p2mtrace(args);
    expect([code, stderr]).toEqual([2, expect.stringContaining('P2M_OUTPUT')]);
  }
  expect(readFileSync(`${path}/dataset.json`, 'utf8')).toBe(head);
  expect(existsSync(`${path}/facts/x.html`)).toBe(false);
});

it('removes nothing but its own files, whatever its list of a change says', async () => {
  const path = temp('pending');
  await add(path, leak);
  writeFileSync(temp('outside.txt'), 'mine');
  for (const file of [
    '../outside.txt',
    'facts/findings/night=2026-11-29/host=../../../../../outside.txt',
    'dataset.json',
  ]) {
    writeSealed(`${path}/_pending.json`, { parts: [], files: [file] });
    const { code, stderr } = p2mtrace(['dataset', 'compact', path]);
    expect([code, stderr]).toEqual([3, expect.stringContaining('P2M_DATASET_DAMAGED')]);
  }
  expect(readFileSync(temp('outside.txt'), 'utf8')).toBe('mine');
  expect(existsSync(`${path}/dataset.json`)).toBe(true);
});

it('is none where a file has its name', () => {
  writeFileSync(temp('file'), '');
  expect(() => Dataset.open(temp('file'), () => undefined)).toThrow(expect.objectContaining({ code: 'P2M_DATASET' }));
  expect(p2mtrace(['dataset', 'info', temp('file')]).code).toBe(2);
});

it('a configuration in another folder is found by a relative name', () => {
  mkdirSync(temp('lab'));
  writeFileSync(
    temp('lab/a.config.mjs'),
    `export default { audit: { paths: [${JSON.stringify(corpusCase('refcount.leak'))}] } };\n`,
  );
  const { code } = p2mtrace(['audit', '--config', 'lab/a.config.mjs', '--state', temp('state2')], { cwd: temp('.') });
  expect(code).toBe(1);
});
