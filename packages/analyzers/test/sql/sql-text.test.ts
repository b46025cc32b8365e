import { describe, expect, it } from 'vitest';
import { splitStatements, withoutHexLiterals } from '../../src/sql/sql-text.js';

describe('hex literals', () => {
  it.each([
    ['select 0x9fe5e', 'select 654942'],
    ['mfn=0XFF and gfn>0xffffffffffffffff', 'mfn=255 and gfn>18446744073709551615'],
    ["select '0x10', \"0x10\", e'\\'0x10', $$0x10$$, $a$ 0x10 $a$", undefined],
    ['select 1 -- 0x10\n, 2 /* 0x10 */', undefined],
    ['select a0x10, x_0x10', undefined],
    ["select 'it''s 0x10' || 0x10", "select 'it''s 0x10' || 16"],
  ])('%s', (sql, expected) => {
    expect(withoutHexLiterals(sql)).toBe(expected ?? sql);
  });
});

describe('statements', () => {
  it('end at semicolons that are no part of strings, names or comments', () => {
    expect(splitStatements('select \';\', ";" /* ; */; -- ;\nselect 2;;  ')).toEqual({
      statements: ['select \';\', ";" /* ; */', '-- ;\nselect 2'],
      rest: '',
    });
  });

  it('that have not ended are the rest, as is a string without its end', () => {
    expect(splitStatements("select 1; select 'a;b").rest).toBe("select 'a;b");
    expect(splitStatements('select 1; -- done\n').rest).toBe('');
  });
});
