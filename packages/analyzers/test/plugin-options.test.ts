import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as zod from 'zod';
import {
  type Analyzer,
  analyzeTrace,
  checkPlugin,
  configurePlugins,
  defineAnalyzer,
  type OptionSetting,
  optionsOf,
  PLUGIN_FIELDS,
  z,
} from '../src/index.js';
import { traceMaker } from './support/trace-of.js';

const traceOf = traceMaker();
/** Three events of domain 1, two of them of gfn 0x10. */
const events = [0x10, 0x10, 0x11].map((gfn, i) => {
  return { kind: 'set_entry', domid: 1, gfn, mfn: 0x100 + i, order: 0, p2m_type: 'ram_rw' };
});
const about = { title: 't', severity: 'note', confidence: 'likely', doc: 'd' } as const;
const HOT = defineAnalyzer({
  id: 'acme/x',
  options: z.object({
    writes: z.int().min(1).default(2),
    type: z.string().default('ram_rw'),
    domids: z.array(z.int()).default([1]),
  }),
  rules: [
    {
      ...about,
      id: 'acme/x.sql',
      sql: `select gfn as subject_gfn from events where p2m_type::varchar = $type
        group by gfn having count(*) >= $writes order by gfn`,
    },
    {
      ...about,
      id: 'acme/x.code',
      run: async ({ query, options }) => {
        const rows = await query<{ domid: number; n: bigint }>(
          'select domid, count(*) as n from events group by domid having count(*) >= $least',
          { least: options.writes },
        );
        return rows.filter(({ domid }) => options.domids.includes(domid)).map(({ n }) => ({ subject_count: n }));
      },
    },
  ],
});
const set = (key: string, value: unknown, file?: string, plugin = 'acme/x'): OptionSetting => {
  return { plugin, key, value, file };
};
const configured = (...settings: OptionSetting[]): Analyzer => configurePlugins([HOT], settings)[0];
/** The subjects that each rule finds. */
const found = async (plugin: Analyzer) => {
  const { findings } = await analyzeTrace(await traceOf(events), { plugins: [plugin], only: [plugin.id] });
  const subjects = (id: string) => findings.filter(({ rule }) => rule === id).flatMap(one => one.occurrences);
  return ['acme/x.sql', 'acme/x.code'].map(id => subjects(id).map(({ subject }) => subject));
};

describe('options', () => {
  it('are what they are by default, for SQL and for code', async () => {
    expect(await found(HOT)).toEqual([[{ gfn: '0x10' }], [{ count: 3 }]]);
  });

  it('are set', async () => {
    expect(await found(configured(set('writes', 1, 'c.ts')))).toEqual([
      [{ gfn: '0x10' }, { gfn: '0x11' }],
      [{ count: 3 }],
    ]);
    expect(await found(configured(set('writes', '4')))).toEqual([[], []]);
    expect(await found(configured(set('domids', '[2]'), set('type', 'ram_ro')))).toEqual([[], []]);
  });

  it('hold as they were set last', () => {
    const plugin = configured(set('writes', 7, 'c.ts'), set('type', 'a', 'c.ts'), set('writes', '9'));
    expect(optionsOf(plugin)).toEqual({ writes: 9, type: 'a', domids: [1] });
  });

  it('are read from text as what they are', () => {
    const read = (key: string, text: string) => optionsOf(configured(set(key, text)))[key];
    expect(read('writes', '0x20')).toBe(32);
    expect(read('type', '20')).toBe('20');
    expect(read('domids', '[3, 4]')).toEqual([3, 4]);
  });

  it('may be those of a zod of the plugin', () => {
    const own = { ...HOT, options: zod.object({ writes: zod.number() }) };
    const [plugin] = configurePlugins([checkPlugin(own, 'x.ts')], [set('writes', '3')]);
    expect(optionsOf(plugin)).toEqual({ writes: 3 });
  });
});

describe('what is wrong with a setting is said', () => {
  it.each([
    ['of a plugin that is not there', set('writes', '1', undefined, 'acme/y'), /there is no plugin acme\/y.*acme\/x/],
    ['of an option that is not there', set('writs', '1'), /acme\/x has no option writs.*writes/],
    ['by a value that does not fit', set('writes', 'many'), /acme\/x does not fit: writes = many: /],
    ['by one that is too small', set('writes', 0, 'c.ts'), /acme\/x does not fit: writes = 0: /],
  ])('%s', (_, setting, message) => {
    const { plugin, key, file } = setting;
    expect(() => configured(setting)).toThrow(
      expect.objectContaining({
        code: 'P2M_PLUGIN_OPTION',
        blame: 'usage',
        message: expect.stringMatching(message),
        place: { field: `${plugin}.${key}`, ...(file === undefined ? {} : { file }) },
        remedy: expect.stringMatching(/./),
      }),
    );
  });

  it('where an option has no value and needs one', async () => {
    const strict = { ...HOT, options: z.object({ writes: z.int() }) } as unknown as Analyzer;
    const refusal = { code: 'P2M_PLUGIN_OPTION', place: { field: 'acme/x.writes' } };
    expect(() => configurePlugins([strict], [])).toThrow(expect.objectContaining(refusal));
    await expect(analyzeTrace(await traceOf(events), { plugins: [strict] })).rejects.toMatchObject(refusal);
  });

  it('where the plugin declares none', () => {
    const { options: _, ...none } = HOT;
    expect(() => configurePlugins([none as Analyzer], [set('writes', '1')])).toThrow('acme/x has no option writes');
  });
});

describe('what a module exports as options', () => {
  const one = { ...about, id: 'acme/x.one', sql: 'select 1' };
  it.each([
    ['no zod object', { writes: 20 }],
    ['a name that SQL has no parameter for', z.object({ 'a-b': z.int() })],
  ])('is refused: %s', (_, options) => {
    expect(() => checkPlugin({ id: 'acme/x', options, rules: [one] }, 'x.ts')).toThrow(
      /x\.ts is no analyzer: options: /,
    );
  });

  it('and values are not its to say', () => {
    expect(() => checkPlugin({ id: 'acme/x', optionValues: {}, rules: [one] }, 'x.ts')).toThrow('optionValues');
  });
});

describe('docs/plugins.md', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/plugins.md'), 'utf8');
  const table = (title: string) => {
    const [, section] = new RegExp(`\n## ${title}\n([\\s\\S]*?)\n## `).exec(text) ?? [];
    return [...section.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name).sort();
  };

  it('has every field of an analyzer and of a rule, and no other', () => {
    expect(table('An analyzer')).toEqual([...PLUGIN_FIELDS.analyzer].sort());
    expect(table('A rule')).toEqual([...PLUGIN_FIELDS.rule].sort());
  });
});
