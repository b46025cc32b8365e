import type { TraceReader } from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { EventReader, matchingEvents, parseExpression, type TraceEvent } from '../../src/index.js';
import { arbitraryEvents } from '../support/arbitrary-events.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();
const matches = (reader: TraceReader, expression: string) => [
  ...matchingEvents(reader, parseExpression(expression, reader.names)),
];

describe('a condition', () => {
  let reader: TraceReader;
  beforeAll(async () => {
    reader = await traceOf([
      { kind: 'set_entry', domid: 1, gfn: 0x10, mfn: 0x100, order: 0, p2m_type: 'ram_rw', tsc: 10, pcpu: 0 },
      { kind: 'set_entry', domid: 1, gfn: 0x11, order: 9, p2m_type: 'invalid', rc: -22, flags: ['failed'], tsc: 20 },
      { kind: 'lookup', domid: 2, gfn: 0x10, mfn: 0xffff_ffff_ffff, p2m_type: 'ram_ro', flags: ['locked', 'alloc'] },
      { kind: 'get_page', mfn: 0x100, count_info: '0xffffffffffffffff', symbol: 'a.c#get(1)', caller: '0xff' },
      { kind: 'lock_acquire', lock: '0xABC', lock_class: 'p2m', mode: 'read', pcpu: 1, tsc: 30, tsc_own: false },
      { kind: 'mark' },
    ]);
  });

  it.each([
    ['kind == set_entry', [0, 1]],
    ['kind = set_entry and gfn == 1:0x10 and p2m_type != invalid', [0]],
    ['gfn == 1:16 or gfn = 2:0x10', [0, 2]],
    ['not gfn == 1:0x10', [1, 2]],
    ['gfn != 1:0x10', [1, 2]],
    ['p2m_type != ram_rw', [1, 2]],
    ['not (p2m_type == ram_rw)', [1, 2]],
    ['mfn == null', [1, 4, 5]],
    ['not mfn == null', [0, 2, 3]],
    ['mfn != null && mfn > 0x100', [2]],
    ['mfn >= 0x100 and mfn < 0xffffffffffff', [0, 3]],
    ['mfn <= 256', [0, 3]],
    ['count_info == 0xffffffffffffffff', [3]],
    ['count_info > 0xfffffffffffffffe', [3]],
    ['rc < 0', [1]],
    ['rc == -22', [1]],
    ['rc >= 0', []],
    ['order == 9 or (order == 0 and domid == 1)', [0, 1]],
    ['not (order == 9 or pcpu == 0)', []],
    ['not (order == 9 and pcpu == 0)', [0, 4]],
    ['flags has failed', [1]],
    ['flags has locked and flags has alloc', [2]],
    ['not flags has locked', [0, 1, 3, 4, 5]],
    ['lock == 0xabc', [4]],
    ['lock == 0xABC and lock_class == p2m and mode == read', [4]],
    ['symbol == "a.c#get(1)"', [3]],
    ['caller == 0xff', [3]],
    ['tsc_own == false', [2, 3, 4, 5]],
    ['tsc_own != false', [0, 1]],
    ['tsc > 10 and tsc <= 30', [1, 4]],
    ['seq >= 4', [4, 5]],
    ['touches mfn 0x100', [0, 3]],
    ['not touches mfn 0x100 and not kind == mark', [1, 2, 4]],
    ['touches gfn 1:0x0', [1]],
    ['! ! kind==mark', [5]],
    ['kind<>mark and not (kind==lookup||kind==get_page) && !(kind == lock_acquire)', [0, 1]],
  ])('%s', (expression, seqs) => expect(matches(reader, expression)).toEqual(seqs));

  it.each([
    ['', 1, 'a condition is missing'],
    ['kind', 5, 'comparison'],
    ['kind ==', 8, 'a value is missing'],
    ['kind == set_enrty', 9, 'did you mean set_entry?'],
    ['gnf == 1', 1, 'did you mean gfn?'],
    ['raw == 1', 1, 'no column raw'],
    ['kind < mark', 6, 'no order'],
    ['mfn < null', 5, 'neither smaller'],
    ['mfn == 0x10000000000000000', 8, 'is no mfn'],
    ['domid == 65536', 10, 'is no domid'],
    ['mfn == -1', 8, 'is no mfn'],
    ['gfn < 1:2', 5, 'neither smaller'],
    ['gfn == 70000:2', 8, 'is no domid'],
    ['flags has lockd', 11, 'did you mean locked?'],
    ['(kind == mark', 14, 'a ) is missing'],
    ['kind == mark)', 13, ') is not expected'],
    ['kind == mark domid == 1', 14, 'domid is not expected'],
    ['kind == mark ; quit', 14, '; means nothing'],
    ['touches gfn 12', 13, '12 is no gfn'],
    ['touches thing 12', 9, 'thing is nothing'],
    ['touches lock 0x5', 14, 'no lock 0x5'],
    ['view == altp2m:7', 9, 'no view of the trace'],
    [`${'('.repeat(101)}kind == mark`, 101, 'too many parentheses'],
  ])('%s is refused at column %i', (expression, column, what) => {
    const refused = expect.objectContaining({
      code: 'P2M_EXPRESSION',
      blame: 'usage',
      message: expect.stringMatching(new RegExp(`at column ${column} of: `)),
    });
    expect(() => matches(reader, expression)).toThrow(refused);
    expect(() => matches(reader, expression)).toThrow(what);
  });

  it('may be long', () => {
    const many = Array.from({ length: 5000 }, (_, i) => `seq == ${i}`).join(' or ');
    expect(matches(reader, many)).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

/** A condition as text, and what it is of one event: undefined where SQL would say NULL. */
interface Condition {
  readonly text: string;
  readonly of: (event: TraceEvent) => boolean | undefined;
}

const number = (value: TraceEvent[string] | undefined) => (value === undefined ? undefined : Number(value));
const RELATIONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

const comparison: fc.Arbitrary<Condition> = fc
  .record({
    column: fc.constantFrom('gfn', 'mfn', 'domid', 'owner', 'order', 'pcpu', 'seq'),
    relation: fc.constantFrom(...Object.keys(RELATIONS)),
    value: fc.constantFrom(0, 1, 2, 9, 0x10, 0x1ff, 0x200, 0x10_0000_0000),
  })
  .filter(({ column, value }) => value < 0x100 || ['gfn', 'mfn', 'seq'].includes(column))
  .map(({ column, relation, value }) => ({
    text: `${column} ${relation} ${value}`,
    of: event => {
      const found = number(event[column]);
      return found === undefined ? undefined : RELATIONS[relation](found, value);
    },
  }));
const named: fc.Arbitrary<Condition> = fc
  .record({ kind: fc.constantFrom('set_entry', 'lookup', 'lost', 'm2p_set'), equal: fc.boolean() })
  .map(({ kind, equal }) => ({
    text: `kind ${equal ? '==' : '!='} ${kind}`,
    of: event => (event.kind === kind) === equal,
  }));
const isNull: fc.Arbitrary<Condition> = fc
  .record({ column: fc.constantFrom('gfn', 'mfn', 'view', 'lock'), equal: fc.boolean() })
  .map(({ column, equal }) => ({
    text: `${column} ${equal ? '==' : '!='} null`,
    of: event => (event[column] === undefined) === equal,
  }));

const { condition } = fc.letrec<{ condition: Condition }>(tie => ({
  condition: fc.oneof(
    { maxDepth: 4 },
    comparison,
    named,
    isNull,
    tie('condition').map(({ text, of }) => ({
      text: `not (${text})`,
      of: (event: TraceEvent) => {
        const value = of(event);
        return value === undefined ? undefined : !value;
      },
    })),
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => ({
      text: `(${a.text}) and (${b.text})`,
      of: (event: TraceEvent) => {
        const values = [a.of(event), b.of(event)];
        return values.includes(false) ? false : values.includes(undefined) ? undefined : true;
      },
    })),
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => ({
      text: `(${a.text}) or (${b.text})`,
      of: (event: TraceEvent) => {
        const values = [a.of(event), b.of(event)];
        return values.includes(true) ? true : values.includes(undefined) ? undefined : false;
      },
    })),
  ),
}));

it('is what SQL makes of it, event by event', async () => {
  await fc.assert(
    fc.asyncProperty(
      arbitraryEvents,
      fc.array(condition, { minLength: 20, maxLength: 20 }),
      async (events, conditions) => {
        const reader = await traceOf(events);
        const reading = new EventReader(reader);
        const all = events.map((_, seq) => reading.at(seq) as TraceEvent);
        for (const { text, of } of conditions) {
          expect(matches(reader, text), text).toEqual(all.filter(event => of(event) === true).map(({ seq }) => seq));
        }
      },
    ),
    { numRuns: 40 },
  );
});

it('is never anything but a condition or refused', async () => {
  const { names } = await traceOf([{ kind: 'mark' }]);
  const word = fc.constantFrom(
    'kind',
    '==',
    'mark',
    '(',
    ')',
    'and',
    'not',
    'touches',
    'gfn',
    '1:2',
    'null',
    'flags',
    'has',
    '"x"',
    '<',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(word).map(words => words.join(' ')),
      ),
      text => {
        try {
          parseExpression(text, names);
        } catch (error) {
          expect(error).toMatchObject({ code: 'P2M_EXPRESSION' });
        }
      },
    ),
    { numRuns: 500 },
  );
});
