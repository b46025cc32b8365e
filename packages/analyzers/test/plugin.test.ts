import { describe, expect, it } from 'vitest';
import { type Analyzer, analyzeTrace, checkConfig, checkPlugin, checkUnique, RULES } from '../src/index.js';
import { traceMaker } from './support/trace-of.js';

const traceOf = traceMaker();
const events = [
  { kind: 'set_entry', domid: 1, gfn: 0x10, mfn: 0x100, order: 0, p2m_type: 'ram_rw' },
  { kind: 'set_entry', domid: 1, gfn: 0x11, mfn: 0x101, order: 0, p2m_type: 'ram_ro' },
];

const about = { title: 'a title', severity: 'note', confidence: 'likely', doc: 'what it means' } as const;
const rule = { ...about, id: 'acme/x.one', sql: 'select 1' };
const plugin = (more: object): unknown => ({ id: 'acme/x', rules: [rule], ...more });
/** Runs a plugin alone. */
const run = async (analyzer: Analyzer) =>
  analyzeTrace(await traceOf(events), { plugins: [analyzer], only: [analyzer.id] });

describe('a plugin finds', () => {
  it('with SQL over events and facts', async () => {
    const sql = `select e.mfn as subject_mfn, e.seq as at_write, e.p2m_type::varchar as sig_type
      from events e join mapping_spans m on m.from_seq = e.seq where m.gfn = 16`;
    const { findings } = await run({ id: 'acme/x', rules: [{ ...rule, sql }] });
    expect(findings).toMatchObject([
      {
        analyzer: 'acme/x',
        rule: 'acme/x.one',
        signature: 'acme/x.one | type=ram_rw',
        severity: 'note',
        confidence: 'likely',
        page: null,
        occurrences: [{ subject: { mfn: '0x100' }, witness: [{ seq: 0, role: 'write' }] }],
      },
    ]);
  });

  it('with code, which may ask more than once', async () => {
    const { findings } = await run({
      id: 'acme/x',
      rules: [
        {
          ...about,
          id: 'acme/x.one',
          run: async ({ query, reader }) => {
            const [{ seq }] = await query(`select max(seq) as seq from events`);
            const spans = await query(`select gfn from mapping_spans where from_seq = ${seq}`);
            return spans.map(({ gfn }) => ({ subject_gfn: gfn, subject_rows: reader.rows, at_last: seq }));
          },
        },
      ],
    });
    expect(findings.map(({ occurrences }) => occurrences)).toEqual([
      [{ subject: { gfn: '0x11', rows: 2 }, witness: [{ seq: 1, role: 'last' }] }],
    ]);
  });

  it('for several rules at once, asked once', async () => {
    let asked = 0;
    const { findings } = await run({
      id: 'acme/x',
      run: () => {
        asked++;
        return [
          { rule: 'one', at_here: 0 },
          { rule: 'acme/x.two', at_here: 1 },
        ];
      },
      rules: ['one', 'two'].map(name => ({ ...about, id: `acme/x.${name}` })),
    });
    expect(asked).toBe(1);
    expect(findings.map(({ rule: id, occurrences }) => [id, occurrences[0].witness[0].seq])).toEqual([
      ['acme/x.one', 0],
      ['acme/x.two', 1],
    ]);
  });

  it('nothing where its events are missing, which is said', async () => {
    const { notChecked } = await run({ id: 'acme/x', needs: ['get_page'], rules: [rule] });
    expect(notChecked).toEqual([{ rule: 'acme/x.one', reason: 'no get_page events in this trace' }]);
  });

  it('besides the built-in rules, which are as they are without it', async () => {
    const reader = await traceOf(events);
    const alone = await analyzeTrace(reader);
    const both = await analyzeTrace(reader, { plugins: [{ id: 'acme/x', rules: [rule] }] });
    expect(both.findings.filter(({ analyzer }) => analyzer !== 'acme/x')).toEqual(alone.findings);
    expect(both.notChecked).toEqual(alone.notChecked);
  });
});

describe('a plugin that fails is named', () => {
  it.each([
    ['wrong SQL', { sql: 'select gone' }, /rule acme\/x\.one failed: .*gone/],
    [
      'code that throws',
      {
        run: () => {
          throw new Error('oh');
        },
      },
      /rule acme\/x\.one failed: oh/,
    ],
    ['a witness that is no seq', { run: () => [{ at_x: 'y' }] }, /at_x is y, which is no seq/],
    ['a witness that is not in the trace', { run: () => [{ at_x: 2 }] }, /at_x is 2, and the trace has no such event/],
    ['a frame that is none', { run: () => [{ subject_mfn: 1.5 }] }, /rule acme\/x\.one failed/],
  ])('%s', async (_, source, message) => {
    const one = { ...about, id: 'acme/x.one', ...source };
    await expect(run({ id: 'acme/x', rules: [one] })).rejects.toMatchObject({
      code: 'P2M_PLUGIN',
      blame: 'usage',
      message: expect.stringMatching(message),
    });
  });
});

describe('what a module exports is checked', () => {
  it('and kept as it is', () => {
    const value = plugin({});
    expect(checkPlugin(value, 'x.ts')).toBe(value);
  });

  it.each([
    ['nothing', undefined, /^x\.ts is no analyzer: /],
    ['no owner in its id, as built-in ones', plugin({ id: 'refcount' }), /id: must be OWNER\/NAME/],
    ['no rule', plugin({ rules: [] }), /rules: /],
    [
      'a rule of another',
      plugin({ rules: [{ ...rule, id: 'refcount.leak' }] }),
      /refcount\.leak is not one of acme\/x/,
    ],
    ['no source of rows', plugin({ rules: [{ ...rule, sql: undefined }] }), /needs either sql or run/],
    ['two sources of rows', plugin({ rules: [{ ...rule, run: () => [] }] }), /needs either sql or run/],
    ['a kind that is none', plugin({ needs: ['get_pages'] }), /needs\.0: must be a kind/],
    ['an unknown severity', plugin({ rules: [{ ...rule, severity: 'bad' }] }), /rules\.0\.severity: /],
    ['a word that nobody knows', plugin({ rules: [{ ...rule, docs: '' }] }), /rules\.0: .*docs/],
  ])('%s', (_, value, message) => {
    expect(() => checkPlugin(value, 'x.ts')).toThrow(message);
  });

  it('for ids that clash', () => {
    const one = checkPlugin(plugin({}), 'x.ts');
    expect(() => checkUnique([one])).not.toThrow();
    expect(() => checkUnique([one, one])).toThrow('acme/x is there twice');
    // No built-in id can be that of a plugin.
    expect(RULES.filter(({ id }) => id.includes('/'))).toEqual([]);
  });

  it('and so is a configuration', () => {
    const config = { plugins: ['./x.ts', plugin({})] };
    expect(checkConfig(config, 'p2mtrace.config.ts')).toBe(config);
    expect(checkConfig({}, 'p2mtrace.config.ts')).toEqual({});
    expect(() => checkConfig(undefined, 'c.ts')).toThrow('c.ts is not a valid configuration');
    expect(() => checkConfig({ plugin: 'x.ts' }, 'c.ts')).toThrow('c.ts is not a valid configuration');
    expect(() => checkConfig({ plugins: [1] }, 'c.ts')).toThrow('plugins: 0');
  });
});
