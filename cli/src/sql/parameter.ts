import { InvalidArgumentError } from 'commander';

/** DuckDB's HUGEINT ends before; no number that it holds has more digits, leading zeros left out. */
const LARGEST = 2n ** 127n;
const MAX_DIGITS = 80;

/** `--param name=value`. */
export type SqlParameter = readonly [name: string, value: bigint | string];

/** A whole number, decimal or hex, is a number; anything else is text. */
export function parseParameter(text: string): SqlParameter {
  const match = /^(\w+)=(.*)$/s.exec(text);
  if (match === null) throw new InvalidArgumentError('Expected name=value, such as mfn=0x9fe5e.');
  const [, name, value] = match;
  if (!/^(?:-?\d+|0x[0-9a-fA-F]+)$/.test(value)) return [name, value];
  const number = value.length > MAX_DIGITS ? LARGEST : BigInt(value);
  if (number >= LARGEST || number <= -LARGEST) {
    throw new InvalidArgumentError('Expected a number of at most 127 bits; text of digits: cast($name as varchar).');
  }
  return [name, number];
}
