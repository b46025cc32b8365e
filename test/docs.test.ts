import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openTraceSession, TRACE_TABLES } from '@p2mtrace/analyzers';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { afterAll, describe, expect, test } from 'vitest';
import { DOCS, documents, MAN_PAGE, manPage, picture, render } from '../scripts/docs.mjs';

const ROOT = dirname(DOCS);
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** TypeScript sources of every package. */
const SOURCES = ['cli', ...readdirSync(join(ROOT, 'packages')).map(name => `packages/${name}`)].flatMap(folder =>
  readdirSync(join(ROOT, folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => `${folder}/src/${name}`),
);

describe('generated sections', () => {
  test.each(documents())('of docs/%s are as the code has them (npm run docs)', async name => {
    const text = read(`docs/${name}`);
    expect(text).toBe(await render(text));
  });

  test('and the man page', async () => {
    expect(readFileSync(MAN_PAGE, 'utf8')).toBe(await manPage());
  });

  test('are replaced one by one, and nothing between them', async () => {
    const text = (inside: string) =>
      `a\n<!-- generated:schema-version -->\n${inside}<!-- /generated -->\nb\n<!-- generated:levels -->\n${inside}<!-- /generated -->\nc\n`;
    const made = await render(text(''));
    expect(made).toMatch(/^a\n<!--[\s\S]*-->\nb\n<!--[\s\S]*-->\nc\n$/);
    expect(made).toContain('The schema version is 2.');
    expect(await render(text('stale\n'))).toBe(made);
    expect(await render(made)).toBe(made);
    await expect(render('<!-- generated:nothing -->\n<!-- /generated -->')).rejects.toThrow('nothing generates');
  });
});

describe('docs/errors.md', () => {
  /** Codes in quotes, and those that begin a message. */
  const CODE = /'(P2M_[A-Z_]+)'|p2mtrace: (P2M_[A-Z_]+):|`(P2M_[A-Z_]+): /g;
  const used = new Set(
    SOURCES.flatMap(path => [...read(path).matchAll(CODE)].map(([, a, b, c]) => a ?? b ?? c)).sort(),
  );
  const listed = [...read('docs/errors.md').matchAll(/^\| (P2M_[A-Z_]+) +\|/gm)].map(([, code]) => code);

  test('lists every code that the sources use', () => {
    expect(used.size).toBeGreaterThan(30);
    expect([...used].filter(code => !listed.includes(code))).toEqual([]);
  });

  test('lists each code once, and none that is gone', () => {
    expect(listed.filter((code, i) => listed.indexOf(code) !== i)).toEqual([]);
    expect(listed.filter(code => !used.has(code))).toEqual([]);
  });
});

describe('docs/facts.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-docs-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  // Tables of datasets are in cli/test/fleet.
  const text = read('docs/facts.md').replace(/^## Datasets$[\s\S]*?^(?=## Facts$)/m, '');
  /** Columns with their types, table by table. */
  const tables = text.split(/^### /m).slice(1);
  const documented = new Map(
    tables.map(section => [
      section.slice(0, section.indexOf('\n')),
      [...section.matchAll(/^\| `(\w+)` +\| (\w+) +\|/gm)].map(([, name, type]) => `${name} ${type}`),
    ]),
  );

  test('has the columns and types that SQL has', async () => {
    const trace = join(folder, 'trace.arrow');
    await importNdjson(join(ROOT, 'samples/corpus/rules/refcount.leak/trace.ndjson'), 'trace.ndjson', trace);
    const reader = TraceReader.open(trace);
    const session = await openTraceSession(reader);
    try {
      for (const [table, columns] of documented) {
        const { rows } = await session.runAll(`describe ${table}`);
        const found = rows.map(([name, type]) => `${name} ${String(type).replace(/\(.*/s, '')}`);
        expect(found, table).toEqual([...columns, 'trace VARCHAR']);
      }
      const { rows } = await session.runAll('show tables');
      expect(rows.map(([name]) => name).sort()).toEqual([...documented.keys(), 'events'].sort());
    } finally {
      await session.close();
      reader.close();
    }
  });

  test('has every table that a session has', () => {
    expect(TRACE_TABLES.map(({ name }) => name).sort()).toEqual([...documented.keys(), 'events'].sort());
  });
});

test('docs/timeline.svg is what the report of the sample shows (npm run docs)', () => {
  expect(read('docs/timeline.svg')).toBe(picture());
});

describe('the lists of documents', () => {
  const others = documents().filter((name: string) => name !== 'README.md');

  test.each([
    ['README.md', 'docs/'],
    ['docs/README.md', ''],
  ])('%s has every one', (page, folder) => {
    const linked = [...read(page).matchAll(/\]\(([\w./-]+\.md)\)/g)].map(([, path]) => path);
    expect(others.filter((name: string) => !linked.includes(`${folder}${name}`))).toEqual([]);
  });

  test.each(['README.md', ...documents().map((name: string) => `docs/${name}`)])('%s cites no private notes', page => {
    expect(read(page).match(/X§|model §|\bmail \d/gi)).toBeNull();
  });
});

describe('links', () => {
  const samples = readdirSync(join(ROOT, 'samples'), { recursive: true, encoding: 'utf8' });
  const PAGES = [
    ...['README.md', 'CONTRIBUTING.md', 'AGENTS.md', 'CHANGELOG.md'],
    ...readdirSync(join(ROOT, 'docs/decisions')).map(name => `docs/decisions/${name}`),
    ...samples.filter(name => name.endsWith('README.md')).map(name => `samples/${name}`),
    ...documents().map(name => `docs/${name}`),
  ];
  /** Anchors of a page: those that it sets, and what its headings' are called. */
  const anchors = (page: string) => [
    ...[...read(page).matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id),
    ...[...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  ];

  test.each(PAGES)('of %s lead somewhere', page => {
    // Code may have brackets and parentheses of its own.
    const text = read(page)
      .replace(/```[\s\S]*?```/g, '')
      .replace(/`[^`\n]*`/g, '');
    for (const [, target] of text.matchAll(/\]\(([^)]+)\)/g)) {
      if (target.startsWith('https://')) continue;
      const [path, anchor] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      expect(existsSync(join(ROOT, file)), `${target}: no such file`).toBe(true);
      if (anchor !== undefined) expect(anchors(file), target).toContain(anchor);
    }
  });
});
