import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Letter } from '../src/letter/letter.js';
import { mailLetter } from '../src/letter/mail-letter.js';
import { wrapped } from '../src/render/wrap.js';
import { asciiText } from '../src/text/ascii-text.js';
import { pathWord, shellText } from '../src/text/shell-text.js';
import { capture, fine, HAS_CAPTURES, needsBuild, p2mtrace, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();
const sample = (path: string) => fileURLToPath(new URL(`../../samples/${path}`, import.meta.url));
beforeAll(() => {
  const stale = sample('corpus/rules/use-after-unmap.stale-translation/trace.ndjson');
  fine(['import', stale, '-o', temp('stale.arrow'), '-q', '--cpu-hz', '1G', '--xen-version', '4.17.7']);
});
const told = (format: string) => fine(['explain', temp('stale.arrow'), 'use-after-unmap', '--format', format]).stdout;

describe('explain --format', () => {
  it('mail is ASCII in 72 columns, and says what, shown by what, where, when, how often and how to see it again', () => {
    const text = told('mail');
    expect(text).toMatch(/^[\n\x20-\x7e]*$/);
    for (const line of text.split('\n')) if (/\s\S/.test(line.trim())) expect(line.length).toBeLessThanOrEqual(72);
    const titles = text.split('\n').filter(line => /^\w/.test(line));
    expect(titles.slice(-6)).toEqual(['What', 'Shown by', 'Where', 'Witnesses', 'Counts', 'To see it again']);
    // The sample's own comments: pcpu 0 looks it up and uses it, pcpu 1 removes it between.
    expect(text).toMatch(/pcpu 1(, d\S+)?: changed\n +#6 set_entry domid=1 gfn=0x3a0/);
    expect(text).toMatch(/^ +changed +p2m_remove_page \(0xffff82d0402dc73a\), inferred\n +from the p2m lock it held$/m);
    const unfolded = text.replace(/ \\\n +/g, ' ');
    expect(unfolded).toMatch(
      / p2mtrace explain \S*stale\.arrow '[0-9a-f]{8}#1'\n +p2mtrace slice \S*stale\.arrow '[0-9a-f]{8}#1' -o [0-9a-f]{8}\.arrow\n/,
    );
    expect(text).toContain('1 of 1 uses of a frame after a lookup');
  });

  it('the commands that it gives work', () => {
    const { again } = JSON.parse(told('json'));
    const [explain] = again.commands;
    const [, name] = /'([0-9a-f]{8}#1)'$/.exec(explain) ?? [];
    expect(fine(['explain', temp('stale.arrow'), name]).stdout).toContain('use-after-unmap.stale-translation');
    expect(fine(['sql', temp('stale.arrow'), again.sql]).stdout.split('\n').length).toBeGreaterThan(2);
  });

  it('md and html say the same', () => {
    const events = (text: string) => text.replaceAll('\u200b', '').match(/#\d+ \w+ domid=1 gfn=0x3a0/g);
    const inMail = told('mail').replace(/\n +/g, ' ');
    expect(events(told('md').replaceAll('\\_', '_'))).toEqual(events(inMail));
    expect(events(told('html'))).toEqual(events(inMail));
    expect(told('html')).not.toContain('<script');
  });

  it('says that seconds are not known, by leaving them out, and who is not known', () => {
    const events = readFileSync(sample('corpus/rules/refcount.leak/trace.ndjson'));
    fine(['import', '-', '-o', temp('leak.arrow'), '-q'], { input: events });
    const { seconds, trace } = JSON.parse(
      fine(['explain', temp('leak.arrow'), 'refcount.leak', '--format', 'json']).stdout,
    );
    expect(trace.seconds).toBeNull();
    expect(Object.values(seconds).every(value => value === null)).toBe(true);
    expect(fine(['explain', temp('leak.arrow'), 'refcount.leak', '--format', 'mail']).stdout).not.toMatch(
      /\d s {2}pcpu/,
    );
  });

  it.each(['mail', 'md', 'html'])('%s tells a rule, too', format => {
    expect(fine(['explain', 'refcount.leak', '--format', format]).stdout).toContain('a reference is never dropped');
  });

  it('refuses another form', () => {
    expect(p2mtrace(['explain', 'refcount.leak', '--format', 'pdf']).code).toBe(2);
  });

  it.skipIf(!HAS_CAPTURES)('tells a real leak with seconds: those of its TSC', () => {
    const settings = ['--symbols', capture('instrumented.symbols'), '--xen-version', '4.17.7', '--cpu-hz', '2.5G'];
    fine(['import', capture('planted-1.bin'), '-o', temp('planted.arrow'), '-q', ...settings]);
    const text = fine(['explain', temp('planted.arrow'), 'refcount.leak', '--format', 'mail', '--no-index']).stdout;
    for (const line of text.split('\n')) if (/\s\S/.test(line.trim())) expect(line.length).toBeLessThanOrEqual(72);
    const [, seconds, seq] = /^ {2}([\d.]+) s, pcpu 1.*: acquired\n +#(\d+) get_page/m.exec(text) ?? [];
    const query = `select (select tsc from events where seq = ${seq}), min(tsc) from events`;
    const [, row] = fine(['sql', temp('planted.arrow'), query, '--format', 'csv']).stdout.split('\n');
    const [then, first] = row.split(',').map(BigInt);
    expect(Number(seconds)).toBeCloseTo(Number(then - first) / 2.5e9, 5);
    expect(text).toMatch(/p2m_get_gfn_type_access \(0x[^,]*,\s+inferred\s+from the p2m lock it held/);
    expect(text).toContain('37 of 20,030 references taken there');
    expect(text).toContain('4.17.7');
  });
});

describe('a mail', () => {
  it('of any words that fit keeps to 72 columns, and loses none of them', () => {
    const word = fc.stringMatching(/^[\x21-\x7e]{1,40}$/);
    const text = fc.array(word, { minLength: 1, maxLength: 40 }).map(words => words.join(' '));
    fc.assert(
      fc.property(text, text, (one, two) => {
        const letter: Letter = {
          subject: one,
          sections: [
            {
              title: 't',
              blocks: [
                { kind: 'text', text: two },
                { kind: 'facts', rows: [['name', one]] },
              ],
            },
          ],
        };
        const lines = [...mailLetter(letter)];
        expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(72);
        expect(
          lines
            .join(' ')
            .split(/\s+/)
            .filter(part => part !== ''),
        ).toEqual(`${one} t ${two} name ${one}`.split(/\s+/).filter(part => part !== ''));
      }),
      { seed: 16, numRuns: 200 },
    );
  });

  it('has no character that a mail program could take for another', () => {
    expect(asciiText('37 × → … µs')).toBe('37 x -> ... us');
    expect(asciiText('\u202e\u00e9\ud83d\ude00')).toBe('\\u202e\\u00e9\\ud83d\\ude00');
  });

  it('keeps to 72 columns where a log would take words for commands', () => {
    const word = fc.oneof(fc.stringMatching(/^[a-z]{1,20}$/), fc.constantFrom('::a', '##[b', '::error'));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 60 }), words => {
        const lines = wrapped(['x', ...words].join(' '), '', 72);
        expect(lines.join(' ')).toBe(['x', ...words].join(' '));
        for (const line of lines) {
          expect(line).not.toMatch(/^(::|##\[)/);
          // Only a row of commands is longer.
          if (line.length > 72)
            expect(
              line
                .split(' ')
                .slice(1)
                .every(one => /^(::|##\[)/.test(one)),
            ).toBe(true);
        }
      }),
      { seed: 16, numRuns: 300 },
    );
  });

  it('has commands that a shell takes for the words that they are made of, wherever their lines end', () => {
    const odd = [
      'a  b',
      "it's",
      '',
      '$(x) `y` "z"',
      'é\ud83d\ude00',
      'a\nb',
      "\\'\t",
      'x'.repeat(70),
      `${"it's ".repeat(20)}`,
    ];
    const commands = [
      ['printf', '%s\\0', ...odd],
      ['printf', '%s\\0', ...[...odd].reverse()],
    ];
    const letter: Letter = { subject: 's', sections: [{ title: 't', blocks: [{ kind: 'commands', commands }] }] };
    const script = [...mailLetter(letter)].slice(3).join('\n');
    expect(script).toMatch(/^[\n\x20-\x7e]*$/);
    const { stdout } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect(stdout.split('\0').slice(0, -1)).toEqual([...odd, ...[...odd].reverse()]);
  });

  it('names a path that looks like an option as one', () => {
    expect(['-x.arrow', '-', 'a-b', '--'].map(pathWord)).toEqual(['./-x.arrow', '-', 'a-b', './--']);
  });

  it('quotes what a shell would take apart', () => {
    expect(shellText('a b')).toBe("'a b'");
    expect(shellText("it's $(x)")).toBe(`'it'\\''s $(x)'`);
    expect(shellText('/tmp/a-b_c.arrow')).toBe('/tmp/a-b_c.arrow');
  });
});
