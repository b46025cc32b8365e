import { InvalidArgumentError } from 'commander';

/** Part `index` of `count`, from 1 on. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** So many hex digits of a hash are a number without loss. */
const DIGITS = 12;
const MOST = 65_536;

/** `3/16`. @throws InvalidArgumentError */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(text)?.map(Number) ?? [];
  if (index === undefined || index < 1 || index > count || count > MOST) {
    throw new InvalidArgumentError('Expected a shard and how many there are, such as 3/16; they count from 1.');
  }
  return { index, count };
}

/** Whether a content belongs to a shard: by its hash alone, so that each machine comes to the same. */
export const isInShard = (hash: string, { index, count }: Shard): boolean =>
  Number.parseInt(hash.slice(0, DIGITS), 16) % count === index - 1;

/** `3-of-16`, as it is in the name of a shard's file. */
export const shardName = ({ index, count }: Shard): string => `${index}-of-${count}`;
