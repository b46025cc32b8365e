import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { type WhatIfOptions, whatIf } from '../../src/index.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();

/** Waits in all by design; samples/whatif/README.md works them out. */
async function waitsOf(sample: string, options: WhatIfOptions = {}) {
  const path = fileURLToPath(new URL(`../../../../samples/whatif/${sample}.ndjson`, import.meta.url));
  const { rows } = whatIf(await traceOf(readFileSync(path, 'utf8')), options);
  const name = ({ discipline, granularity, upgrade }: (typeof rows)[number]) =>
    [discipline, granularity, upgrade].filter(part => part !== null).join(' ');
  return Object.fromEntries(rows.map(row => [name(row), [row.wait.total, row.deadlocks]]));
}

it('several ranges: smaller locks wait longer', async () => {
  const waits = await waitsOf('several-ranges', { disciplines: ['exclusive', 'range-exclusive'] });
  expect(waits).toEqual({
    exclusive: [111, 0],
    'range-exclusive 4k': [195, 0],
    'range-exclusive 2m': [195, 0],
    'range-exclusive 1g': [111, 0],
    'range-exclusive all': [111, 0],
  });
});

it('upgrade: a deadlock, unless both declare', async () => {
  expect(await waitsOf('upgrade', { disciplines: ['rwlock'] })).toEqual({
    'rwlock convert': [3, 1],
    'rwlock declare': [7, 0],
  });
});

it('foreign: a change waits as long as the mapping stays', async () => {
  const range = { disciplines: ['range-rw'], granularities: ['4k'], upgrades: ['declare'] } as const;
  expect(await waitsOf('foreign', range)).toEqual({ 'range-rw 4k declare': [0, 0] });
  expect(await waitsOf('foreign', { ...range, foreign: 'while-mapped' })).toEqual({ 'range-rw 4k declare': [14, 0] });
});
