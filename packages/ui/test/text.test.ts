import { expect, it } from 'vitest';
import { hex, valueText, wholeOf } from '../src/text.js';

it('keeps every digit of a u64', () => {
  expect(['0', '18446744073709551615', '9007199254740993', '0xffffffffffffffff', '0x10'].map(wholeOf)).toEqual([
    0,
    18446744073709551615n,
    9007199254740993n,
    18446744073709551615n,
    16,
  ]);
  expect(hex(wholeOf('18446744073709551615')!)).toBe('0xffffffffffffffff');
  expect(valueText('mfn', '18446744073709551615')).toBe('0xffffffffffffffff');
  expect(valueText('count_info', '13835058055282163713')).toBe('0xc000000000000001');
  expect(valueText('arg0', '18446744073709551615')).toBe('18446744073709551615');
});

it('takes nothing else for a whole number', () => {
  expect([1.5, 2 ** 60, Number.NaN, '', '-1', '0x', '1e3', '12 ', null, true].map(wholeOf)).toEqual(
    Array.from({ length: 10 }, () => undefined),
  );
});
