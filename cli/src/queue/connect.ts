import { isIP } from 'node:net';
import { usageError } from '@p2mtrace/trace-format/errors';
import type { Redis } from 'ioredis';
import type { QueueAddress } from './queue-address.js';
import { queueError, replyWord } from './queue-error.js';

/** How long the first connection may take. */
const CONNECT_MS = 5000;
const LONGEST_PAUSE_MS = 2000;
const SILENCE_MS = 60_000;
/** Answers to a connection that is not let in. */
const OF_LOGIN = new Set(['NOAUTH', 'WRONGPASS']);

/** How connections are made, those of BullMQ too. They are made again as often as they are lost. */
function connectionOptions({ host, port, db, username, password, isTls }: QueueAddress) {
  return {
    host,
    port,
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(isTls ? { tls: isIP(host) === 0 ? { servername: host } : {} } : {}),
    maxRetriesPerRequest: null,
    connectTimeout: CONNECT_MS,
    // A network that lets nothing through tells nobody. All commands that wait do so for less.
    socketTimeout: SILENCE_MS,
    keepAlive: 10_000,
    retryStrategy: (times: number) => Math.min(100 * 2 ** Math.min(times, 8), LONGEST_PAUSE_MS),
  };
}

/**
 * A connection that stands. When it is lost, and when it is back, is told.
 * @throws P2mError P2M_QUEUE (usage) if it can't be had: never with the password, nor with what has it
 */
export async function connect(address: QueueAddress, tell: (text: string) => void): Promise<Redis> {
  const { Redis } = await import('ioredis');
  const options = connectionOptions(address);
  let stands = false;
  const redis = new Redis({
    ...options,
    lazyConnect: true,
    retryStrategy: times => (stands ? options.retryStrategy(times) : null),
  });
  let problem = '';
  let isLost = false;
  redis.on('error', (error: NodeJS.ErrnoException) => {
    problem = error.code ?? error.message;
  });
  redis.on('close', () => {
    if (!stands || isLost) return;
    isLost = true;
    tell(`the connection to ${address.name} is lost, and tried again`);
  });
  redis.on('ready', () => {
    if (isLost) tell(`the connection to ${address.name} is back`);
    isLost = false;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    redis.disconnect();
    const word = replyWord(error);
    if (word !== undefined && !OF_LOGIN.has(word)) throw queueError(error, address.name);
    const why = word ?? (problem || (error as NodeJS.ErrnoException).code || (error as Error).message);
    throw usageError(
      'P2M_QUEUE',
      `the queue at ${address.name} can't be reached: ${why}`,
      'look whether it runs there, whether it wants a password or TLS (rediss://), and what lies between',
    );
  }
  stands = true;
  keepTrack(redis);
  return redis;
}

/** Connections that were made from another one, as BullMQ does where one has to wait. */
const made = new WeakMap<Redis, Redis[]>();

function keepTrack(redis: Redis): void {
  const own: Redis[] = [];
  made.set(redis, own);
  const duplicate = redis.duplicate.bind(redis);
  redis.duplicate = (...args) => {
    const other = duplicate(...args);
    // What is wrong with one is wrong with all, and told once.
    other.on('error', () => undefined);
    keepTrack(other);
    own.push(other);
    return other;
  };
}

/** Ends a connection for good, and all that were made from it: those that are lost would be tried for ever. */
export function disconnect(redis: Redis): void {
  redis.removeAllListeners('close');
  redis.disconnect();
  for (const other of made.get(redis) ?? []) disconnect(other);
}
