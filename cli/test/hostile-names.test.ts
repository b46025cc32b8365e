import { writeFileSync } from 'node:fs';
import { DOMParser } from '@xmldom/xmldom';
import { beforeAll, describe, expect, it } from 'vitest';
import { csvText } from '../src/text/csv-text.js';
import { githubText } from '../src/text/github-text.js';
import { htmlText } from '../src/text/html-text.js';
import { markdownText } from '../src/text/markdown-text.js';
import { visible, visibly } from '../src/text/visible.js';
import { xmlText } from '../src/text/xml-text.js';
import { needsBuild, p2mtrace, tempDir } from './support/cli.js';

needsBuild();
const path = tempDir();

/** All that a name could do to a terminal, a log of GitHub, Markdown, HTML, XML or a spreadsheet. */
const HOSTILE =
  '=cmd|calc!A1 <script>alert(1)</script> "><img src=x onerror=alert(2)> \n::error::pwned \r\n::warning::x ' +
  '\u001b[31mRED\u001b[0m\u001b]0;title\u0007 \u009b31m \u202egnp.exe \u2028z \ufeff \b\u007f ![x](http://evil.example/p) ' +
  '[click](javascript:alert(5)) @everyone a|b`c` ]]> &lt;b&gt; %0A::error::y';

const line = (event: object) => `${JSON.stringify(event)}\n`;
const lock = { pcpu: 0, mode: 'write', depth: 1, caller: '0xffff82d0402da67a', symbol: HOSTILE };
/** A lock that is taken against the order of levels: all names are hostile. */
const TRACE = [
  { p2mtrace: 1, layout: 'P6', host: HOSTILE },
  { ...lock, tsc: 1000, kind: 'lock_acquire', lock: '0xffff830120105010', lock_class: `pod ${HOSTILE}`, level: 48 },
  { ...lock, tsc: 2000, kind: 'lock_acquire', lock: '0xffff830120101010', lock_class: `p2m ${HOSTILE}`, level: 16 },
  { ...lock, tsc: 3000, kind: 'lock_release', lock: '0xffff830120101010', lock_class: `p2m ${HOSTILE}`, level: 16 },
  { ...lock, tsc: 4000, kind: 'lock_release', lock: '0xffff830120105010', lock_class: `pod ${HOSTILE}`, level: 48 },
]
  .map(line)
  .join('');

beforeAll(() => {
  writeFileSync(path('t.ndjson'), TRACE);
  expect(p2mtrace(['import', path('t.ndjson'), '-o', path('t.arrow'), '-q']).code).toBe(0);
});

/** What no output may have, to a terminal or a file. */
function expectHarmless(text: string, what: string): void {
  expect(/[^\P{Cc}\n\t]|[\u202e\u2028\ufeff]/u.exec(text)?.[0], what).toBeUndefined();
  expect(/^\s*::(?:error|warning)::(?:pwned|x)/m.exec(text)?.[0], what).toBeUndefined();
}

const REPORTERS = ['pretty', 'json', 'sarif', 'junit', 'github', 'markdown', 'html'] as const;

describe('a trace with hostile names', () => {
  const T = () => path('t.arrow');
  const commands: (readonly [string, () => string[]])[] = [
    ['import', () => ['import', path('t.ndjson'), '-o', path('again.arrow'), '--json']],
    ...['info', 'validate', 'replay', 'analyze'].map(name => [name, () => [name, T()]] as const),
    ...['pretty', 'json'].map(form => [`analyze ${form}`, () => ['analyze', T(), '--format', form]] as const),
    ...['ndjson', 'text', 'csv', 'perfetto', 'dot', 'svg'].map(
      form => [`export ${form}`, () => ['export', T(), '--format', form]] as const,
    ),
    ...['table', 'json', 'csv', 'ndjson', 'md'].map(
      form => [`sql ${form}`, () => ['sql', T(), 'select * from events', '--format', form]] as const,
    ),
    ['sql chart', () => ['sql', T(), 'select symbol, seq from events', '--chart']],
    ['replay locks', () => ['replay', T(), '--at', '#1', '--show', 'locks']],
    ['history', () => ['history', T(), 'lock', '0xffff830120101010']],
    ['sql error', () => ['sql', T(), `select "${HOSTILE.replaceAll('"', '')}"`]],
    ['report', () => ['report', T()]],
    ...REPORTERS.map(
      name => [`audit ${name}`, () => ['audit', T(), '--reporter', name, '--state', path('state')]] as const,
    ),
  ];

  it.each(commands)('%s', (what, args) => {
    const { code, stdout, stderr } = p2mtrace(args());
    expect([0, 1, 2, 3], stderr).toContain(code);
    expectHarmless(stdout, what);
    expectHarmless(stderr, what);
    if (what.includes('html') || what === 'report') expect(stdout).not.toMatch(/<script>alert|<img src=x/);
  });

  it('is told by explain', () => {
    const { stdout } = p2mtrace(['analyze', T(), '--format', 'json']);
    const { findings } = JSON.parse(stdout) as { findings: { id: string; signature: string }[] };
    expect(findings).not.toEqual([]);
    // What is hidden for eyes is there for programs.
    expect(findings.some(({ signature }) => signature.includes('\u001b[31m'))).toBe(true);
    for (const { id } of findings) {
      const explained = p2mtrace(['explain', T(), id]);
      expect(explained.stdout).toContain('alert(1)');
      expectHarmless(explained.stdout, id);
    }
  });
});

describe('the gate of each kind of output', () => {
  it('visible: one line, nothing hidden, all of it there', () => {
    expect(visible('a\n\u001b[1m\u202e\u{e0041}b')).toBe('a\\n\\u001b[1m\\u202e\\udb40\\udc41b');
    expect(visibly({ a: ['\n'], b: 1, c: null })).toEqual({ a: ['\\n'], b: 1, c: null });
  });

  it('Markdown: no markup is left', () => {
    const text = markdownText(HOSTILE);
    expect(text).not.toMatch(/(?<!\\)[<>[\]`|!*&]/);
    expect(text).not.toMatch(/@everyone|:\/\/|\n/);
    expect(markdownText('p2m_remove_page _x_')).toBe('p2m_remove_page \\_x\\_');
  });

  it('commands of GitHub: one line', () => {
    expect(githubText('a%0A::error::x\n', 'b')).toBe('a%250A::error::x\\n%0Ab');
  });

  it('XML: a parser reads the visible text back', () => {
    const parsed = new DOMParser().parseFromString(`<x a="${xmlText(HOSTILE)}">${xmlText(HOSTILE)}</x>`, 'text/xml');
    expect(parsed.documentElement?.textContent).toBe(visible(HOSTILE));
    expect(parsed.documentElement?.getAttribute('a')).toBe(visible(HOSTILE));
  });

  it('HTML: nothing but text', () => {
    expect(htmlText('<b title="x">\u202e&')).toBe('&lt;b title=&quot;x&quot;&gt;\ufffd&amp;');
  });

  it('CSV: no formula, but numbers', () => {
    expect(['=1+1', '@x', '+a', '-5', '+1.5', 'a=b', '-a'].map(csvText)).toEqual([
      "'=1+1",
      "'@x",
      "'+a",
      '-5',
      '+1.5',
      'a=b',
      "'-a",
    ]);
  });
});
