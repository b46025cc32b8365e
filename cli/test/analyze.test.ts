import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { capture, fine, HAS_CAPTURES, needsBuild, p2mtrace, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();

interface Report {
  readonly findings: {
    readonly rule: string;
    readonly severity: string;
    readonly count: number;
    readonly occurrences: { readonly subject: Record<string, unknown>; readonly witness: { seq: number }[] }[];
  }[];
  readonly notChecked: { readonly rule: string; readonly reason: string }[];
}

it('says of a trace without the events it needs that nothing was checked', () => {
  writeFileSync(temp('mark.ndjson'), '{"kind":"mark"}\n');
  fine(['import', temp('mark.ndjson'), '-o', temp('mark.arrow')]);
  const report: Report = JSON.parse(fine(['analyze', temp('mark.arrow'), '--format', 'json']).stdout);
  const all: { id: string; policy: boolean }[] = JSON.parse(fine(['rules', '--json']).stdout).rules;
  const rules = all.filter(({ policy }) => !policy);
  expect(report.findings).toEqual([]);
  expect(report.notChecked.map(({ rule }) => rule).sort()).toEqual(rules.map(({ id }) => id).sort());
  const pretty = fine(['analyze', temp('mark.arrow')]).stdout;
  expect(pretty).toBe(
    `no findings; ${rules.length} of ${rules.length} rules not checked (--verbose says which and why)\n`,
  );
  const verbose = fine(['analyze', temp('mark.arrow'), '--verbose']).stdout;
  expect(verbose).toMatch(/^not checked\n/);
  for (const { id } of rules) expect(verbose).toContain(`  ${id}: `);
});

it('runs a policy besides the other rules where it is named', () => {
  const [policy] = (JSON.parse(fine(['rules', '--json']).stdout).rules as { id: string; policy: boolean }[]).filter(
    rule => rule.policy,
  );
  writeFileSync(temp('mark.ndjson'), '{"kind":"mark"}\n');
  fine(['import', temp('mark.ndjson'), '-o', temp('mark.arrow')]);
  const notChecked = (...options: string[]) =>
    (JSON.parse(fine(['analyze', temp('mark.arrow'), '--format', 'json', ...options]).stdout) as Report).notChecked;
  expect(notChecked('--policy', policy.id)).toHaveLength(notChecked().length + 1);
  expect(notChecked('--only', policy.id)).toMatchObject([{ rule: policy.id }]);
});

it('judges counts by counters of another width, and tells what they have left', () => {
  const get = '{"kind":"get_page","mfn":"0x7"}\n';
  writeFileSync(temp('gets.ndjson'), `{"kind":"page_alloc","mfn":"0x7","order":0,"owner":1}\n${get.repeat(4)}`);
  fine(['import', temp('gets.ndjson'), '-o', temp('gets.arrow')]);
  fine(['analyze', temp('gets.arrow')]);
  // The count is 5 in the end: one below the limit of 3 bits, and past what 2 bits can hold.
  expect(fine(['analyze', temp('gets.arrow'), '--counter-width', '3']).stdout).toContain(
    'count 5, width 3, headroom 1',
  );
  expect(p2mtrace(['analyze', temp('gets.arrow'), '--counter-width', '2'])).toMatchObject({ code: 1 });
});

describe.skipIf(!HAS_CAPTURES)('analyze of real captures', () => {
  beforeAll(() => {
    for (const name of ['planted-1', 'instrumented-pvh']) {
      fine(['import', capture(`${name}.bin`), '-o', temp(`${name}.arrow`), '-q']);
    }
  });

  it('finds the references that the hypervisor itself says it leaked, and exits with 1', () => {
    const truth = readFileSync(capture('planted-1.truth.txt'), 'utf8').trimEnd().split('\n');
    const leaked = truth.map(line => `0x${/ mfn ([0-9a-f]+) /.exec(line)?.[1]}`);
    expect(leaked).toHaveLength(37);
    const { code, stdout } = p2mtrace(['analyze', temp('planted-1.arrow'), '--format', 'json']);
    expect(code).toBe(1);
    const report: Report = JSON.parse(stdout);
    const errors = report.findings.filter(({ severity }) => severity === 'error');
    const found = errors.flatMap(({ occurrences }) => occurrences.map(({ subject }) => subject.mfn));
    expect(found.sort()).toEqual(leaked.sort());
    for (const { count, occurrences } of report.findings) expect(occurrences).toHaveLength(count);

    const pretty = p2mtrace(['analyze', temp('planted-1.arrow')]);
    expect(pretty.code).toBe(1);
    expect(pretty.stdout).toMatch(/^error \(/);
    expect(pretty.stdout).toContain('    and 32 more');
    expect(pretty.stdout.trimEnd().split('\n').at(-1)).toMatch(/^1 finding \(37 occurrences\): 1 error; /);
  });

  it('exits with 0 where nothing fails, or nothing is to fail', () => {
    fine(['analyze', temp('instrumented-pvh.arrow'), '--fail-on', 'warning']);
    fine(['analyze', temp('planted-1.arrow'), '--fail-on', 'none']);
    fine(['analyze', temp('planted-1.arrow'), '--only', 'lock-order']);
  });
});
