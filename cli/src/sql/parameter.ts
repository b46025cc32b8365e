import { InvalidArgumentError } from 'commander';

/** `--param name=value`. */
export type SqlParameter = readonly [name: string, value: bigint | string];

/** A whole number, decimal or hex, is a number; anything else is text. */
export function parseParameter(text: string): SqlParameter {
  const match = /^(\w+)=(.*)$/s.exec(text);
  if (match === null) throw new InvalidArgumentError('Expected name=value, such as mfn=0x9fe5e.');
  const [, name, value] = match;
  return [name, /^(?:-?\d+|0x[0-9a-fA-F]+)$/.test(value) ? BigInt(value) : value];
}
