import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { capture, fine, HAS_CAPTURES, needsBuild, p2mtrace, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();
const sample = (path: string) => fileURLToPath(new URL(`../../samples/${path}`, import.meta.url));
beforeAll(() => {
  const stale = sample('corpus/rules/use-after-unmap.stale-translation/trace.ndjson');
  fine(['import', stale, '-o', temp('stale.arrow'), '-q']);
});

interface Report {
  readonly findings: { readonly id: string; readonly rule: string; readonly signature: string }[];
}

describe('explain of a finding', () => {
  it('takes the id that analyze prints, the signature, or how either begins', () => {
    const { stdout } = p2mtrace(['analyze', temp('stale.arrow'), '--format', 'json']);
    const [{ id, signature }] = (JSON.parse(stdout) as Report).findings;
    expect(p2mtrace(['analyze', temp('stale.arrow')]).stdout).toContain(
      `p2mtrace explain ${temp('stale.arrow')} ${id}\n`,
    );
    const told = fine(['explain', temp('stale.arrow'), id]).stdout;
    for (const name of [signature, `${id}#1`, 'use-after-unmap']) {
      expect(fine(['explain', temp('stale.arrow'), name]).stdout).toBe(told);
    }
  });

  it('tells it so that nobody needs the tool: who did what under which lock, and what that changed', () => {
    const { stdout } = fine(['explain', temp('stale.arrow'), 'use-after-unmap', '--around', '1']);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^use-after-unmap\.stale-translation: /);
    expect(lines[1]).toMatch(/^error \(proven\), [0-9a-f]{8}#1 of 1; 1 of 1 uses of a frame after a lookup$/);
    expect(stdout).toContain('  domid 1, view host, gfn 0x3a0, mfn 0x12040, pcpu 0\n');
    const [, changed] = stdout.split(/^ {2}changed: /m);
    expect(
      changed
        .split(/^ {2}used: /m)[0]
        .trimEnd()
        .split('\n'),
    ).toEqual([
      '#6 set_entry domid=1 gfn=0x3a0 order=0 p2m_type=invalid  (2 events later)',
      '    by pcpu 1 p2m_remove_page (inferred from the p2m lock it held), at 0xffff82d0402dc73a, holding p2m 0xffff830120101010 since #5',
      '    locks of pcpu 0: none',
      '    locks of pcpu 1: p2m 0xffff830120101010 (write) since #5 in p2m_remove_page',
      '    gfn 1:0x3a0@host',
      '      - host: mfn=0x12040 order=0 p2m_type=ram_rw access=none set_seq=2',
      '      - written by #2, pcpu 1 p2m_add_page (by p2m lock)',
      '      + host: mfn=none order=0 p2m_type=invalid access=none set_seq=6',
      '      + written by #6, pcpu 1 p2m_remove_page (by p2m lock)',
      '    mfn 0x12040',
      expect.stringMatching(/^ {8}page: allocated owner=1 count=1 /),
      '        M2P: unknown',
      '      - mapped: 1:0x3a0 (host)',
      '        count last changed by #0, pcpu 1',
      '      + mapped: by no entry that is known',
    ]);
    const around = /Events around it\n((?:[ >] .*\n)+)/.exec(stdout)?.[1] ?? '';
    expect([...around.matchAll(/^([ >]) #(\d+)/gm)].map(([, mark, seq]) => mark + seq)).toEqual([
      ' 3',
      '>4',
      ' 5',
      '>6',
      ' 7',
      '>8',
    ]);
  });

  it('is the same as data', () => {
    const story = JSON.parse(fine(['explain', temp('stale.arrow'), 'use', '--format', 'json']).stdout);
    expect(story).toMatchObject({ number: 1, of: 1, finding: { rule: 'use-after-unmap.stale-translation' } });
    expect(story.steps.map((step: { event: { seq: number } }) => step.event.seq)).toEqual([4, 6, 8]);
  });

  it('refuses a name that is none, with what there is', () => {
    const { code, stderr } = p2mtrace(['explain', temp('stale.arrow'), 'refcount.leak']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/P2M_FINDING: the trace has no finding refcount\.leak\n/);
    expect(p2mtrace(['explain', temp('absent.arrow'), 'refcount.leak']).code).toBe(3);
  });

  it.skipIf(!HAS_CAPTURES)('of a real capture names the page that the hypervisor says it leaked', () => {
    const symbols = ['--symbols', capture('instrumented.symbols'), '--cpu-hz', '2.5G'];
    fine(['import', capture('planted-1.bin'), '-o', temp('planted-1.arrow'), '-q', ...symbols]);
    const truth = readFileSync(capture('planted-1.truth.txt'), 'utf8').trimEnd().split('\n');
    const leaked = truth.map(line => `0x${/ mfn ([0-9a-f]+) /.exec(line)?.[1]}`);
    const { stdout } = fine(['explain', temp('planted-1.arrow'), 'refcount.leak#37', '--no-index']);
    const [, mfn] = /^ {2}mfn (0x[0-9a-f]+), /m.exec(stdout) ?? [];
    expect(leaked).toContain(mfn);
    expect(stdout).toMatch(/^error \(proven\), [0-9a-f]{8}#37 of 37; 37 of 20,030 references taken there$/m);
    expect(stdout).toMatch(
      new RegExp(`acquired: #\\d+ get_page mfn=${mfn} .*\\n +at [\\d.]+ s by pcpu 1 p2m_get_gfn_type_access`),
    );
    expect(stdout).toMatch(/allocation_dropped: #\d+ put_page .* events and [\d.]+ us later\)/);
    expect(stdout).toMatch(/took a reference, not dropped +[\d.]+ +#\d+ get_page/);
  });
});

describe('explain of a rule', () => {
  it('says all that the rule knows of itself', () => {
    const { stdout } = fine(['explain', 'lock-order.level']);
    expect(stdout).toMatch(
      /^lock-order\.level: .*\n.*needs lock_acquire; where there are many, also lock_release\n\nWhat it means\n {2}/,
    );
    expect(stdout).toContain('docs/rules.md#lock-orderlevel\n');
    expect(JSON.parse(fine(['explain', 'lock-order.level', '--format', 'json']).stdout)).toMatchObject({
      id: 'lock-order.level',
      needs: ['lock_acquire'],
    });
  });

  it('suggests another where there is none', () => {
    expect(p2mtrace(['explain', 'lock-order.levels'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/P2M_RULE: there is no rule lock-order\.levels.*lock-order\.level\b/),
    });
  });
});

describe('plugins', () => {
  const HOT = sample('plugins/hot-gfn.ts');
  /** Makes a file in a folder of its own, and returns the folder. */
  const project = (name: string, text: string): string => {
    const path = temp(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return dirname(path);
  };
  const RULE = `{ id: 'acme/x.one', title: 't', severity: 'note', confidence: 'proven', doc: 'd',
    run: () => [{ at_here: 4, subject_gfn: 928, subject_domid: 1 }] }`;
  const rules = (cwd: string, ...options: string[]): { id: string }[] =>
    JSON.parse(fine(['rules', '--format', 'json', ...options], { cwd }).stdout).rules;

  it('in TypeScript, named on the command line, are listed beside the built-in rules, and run', () => {
    const ids = rules('.', '--plugin', HOT).map(({ id }) => id);
    expect(ids).toEqual([...rules('.').map(({ id }) => id), 'acme/hot-gfn.rewritten', 'acme/hot-gfn.attempts']);
    const writes = Array.from({ length: 25 }, (_, i) =>
      JSON.stringify({ kind: 'set_entry', domid: 1, gfn: 0x10, mfn: 0x100 + i, order: 0, p2m_type: 'ram_rw' }),
    );
    writeFileSync(temp('hot.ndjson'), writes.join('\n'));
    fine(['import', temp('hot.ndjson'), '-o', temp('hot.arrow'), '-q']);
    const options = ['--plugin', HOT, '--only', 'acme/hot-gfn', '--format', 'json'];
    const { findings } = JSON.parse(fine(['analyze', temp('hot.arrow'), ...options]).stdout);
    expect(findings).toMatchObject([
      {
        rule: 'acme/hot-gfn.rewritten',
        occurrences: [
          {
            subject: { domid: 1, gfn: '0x10', writes: 25 },
            witness: [
              { seq: 0, role: 'first' },
              { seq: 24, role: 'last' },
            ],
          },
        ],
      },
    ]);
  });

  it.each([
    ['ts', 'const x: string = "acme/x"; export default { plugins: ['],
    ['mjs', 'const x = "acme/x"; export default { plugins: ['],
  ])('are named by p2mtrace.config.%s where it is run, and explained', (ending, start) => {
    const cwd = project(`${ending}/p2mtrace.config.${ending}`, `${start}{ id: x, rules: [${RULE}] }] };`);
    expect(rules(cwd).map(({ id }) => id)).toContain('acme/x.one');
    expect(fine(['explain', temp('stale.arrow'), 'acme/x', '--no-index'], { cwd }).stdout).toMatch(/here: #4 lookup /);
    expect(rules('.', '--config', `${cwd}/p2mtrace.config.${ending}`).map(({ id }) => id)).toContain('acme/x.one');
  });

  it('are found beside the configuration, and may use the packages that run here', () => {
    const plugin = `import { defineAnalyzer } from '@p2mtrace/analyzers'; import { KINDS } from '@p2mtrace/trace-format';
      export default [defineAnalyzer({ id: 'acme/x', needs: [KINDS[0].name], rules: [${RULE}] })];`;
    const cwd = project('beside/p2mtrace.config.mjs', `export default { plugins: ['./x.ts'] };`);
    writeFileSync(`${cwd}/x.ts`, plugin);
    expect(rules(cwd).at(-1)).toMatchObject({ id: 'acme/x.one', needs: ['lookup'] });
  });

  it.each([
    ['bad.ts', 'export default {', /P2M_PLUGIN: .*can't be loaded/],
    ['throws.ts', 'throw new Error("oh");', /P2M_PLUGIN: .*can't be loaded: oh/],
    ['none.ts', 'export const x = 1;', /P2M_PLUGIN: .*is no analyzer/],
    ['clash.ts', `export default { id: 'refcount', rules: [${RULE}] };`, /P2M_PLUGIN: .*OWNER\/NAME/],
  ])('%s is refused', (name, text, message) => {
    const cwd = project(`refused/${name}`, text);
    const { code, stdout, stderr } = p2mtrace(['rules', '--plugin', `./${name}`], { cwd });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('that are absent are refused, and so is a configuration that is none', () => {
    expect(p2mtrace(['rules', '--plugin', './absent.ts'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("P2M_PLUGIN: ./absent.ts can't be loaded"),
    });
    const cwd = project('config/p2mtrace.config.mjs', 'export default { plugin: [] };');
    expect(p2mtrace(['rules'], { cwd })).toMatchObject({ code: 2, stderr: expect.stringContaining('P2M_CONFIG') });
    expect(p2mtrace(['rules', '--config', temp('absent.ts')])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('P2M_CONFIG'),
    });
  });
});
