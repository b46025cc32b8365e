import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { AtMost } from '../../src/ui/at-most.js';
import { Guard, Tickets } from '../../src/ui/guard.js';

const asked = (host: string, headers: IncomingMessage['headers'] = {}, more: readonly string[] = []) =>
  ({
    method: 'GET',
    url: '/secret/api/head',
    headers: { host, ...headers },
    headersDistinct: { host: [host, ...more] },
  }) as unknown as IncomingMessage;

it('knows the default port by its name alone, and other ports not', () => {
  const guard = new Guard('secret', 80);
  for (const host of ['127.0.0.1', 'localhost', '127.0.0.1:80']) {
    expect(guard.path(asked(host, { origin: `http://${host}` }))).toBe('/api/head');
  }
  expect(guard.path(asked('127.0.0.1:81'))).toMatchObject({ status: 421 });
  const other = new Guard('secret', 8042);
  expect(other.path(asked('127.0.0.1'))).toMatchObject({ status: 421 });
  expect(other.path(asked('127.0.0.1:8042'))).toBe('/api/head');
});

it('nobody who names two hosts is let in', () => {
  const guard = new Guard('secret', 8042);
  expect(guard.path(asked('127.0.0.1:8042', {}, ['evil.example']))).toMatchObject({ status: 421 });
});

it('an address for the browser lets in once', () => {
  const tickets = new Tickets();
  const path = tickets.make();
  expect(tickets.isTaken('/open/')).toBe(false);
  expect([tickets.isTaken(path), tickets.isTaken(path)]).toEqual([true, false]);
});

it('no more is done at once than was said, in order, also after something failed', async () => {
  const queue = new AtMost(2);
  let [now, most] = [0, 0];
  const begun: number[] = [];
  const work = (i: number) => async () => {
    begun.push(i);
    most = Math.max(most, ++now);
    await new Promise(resolve => setTimeout(resolve, 5));
    now--;
    if (i % 3 === 0) throw new Error(`no ${i}`);
    return i;
  };
  const done = await Promise.allSettled(Array.from({ length: 9 }, (_, i) => queue.run(work(i))));
  expect(done.map(one => (one.status === 'fulfilled' ? one.value : -1))).toEqual([-1, 1, 2, -1, 4, 5, -1, 7, 8]);
  expect([most, begun]).toEqual([2, [0, 1, 2, 3, 4, 5, 6, 7, 8]]);
});
