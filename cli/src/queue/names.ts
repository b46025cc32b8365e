import { createHash } from 'node:crypto';

/** First part of all keys in Redis. */
export const PREFIX = 'p2mtrace';
/** Queue of the parents: a job for each audit, which nobody takes, as the audit itself waits for its children. */
export const AUDITS = 'audits';
/** So many hex digits of a hash tell settings apart. */
const DIGITS = 16;

/** Short name of settings, from their hash and the store that results go to: who has another gets no traces. */
export const settingsName = (salt: string, storeId: string): string =>
  createHash('sha256').update(`${salt} ${storeId}`).digest('hex').slice(0, DIGITS);

/** Queue of the traces that are to be judged with these settings, which no worker with others looks at. */
export const tracesQueue = (settings: string): string => `traces-${settings}`;

/** A key of ours that is not one of BullMQ. */
export const keyOf = (...parts: readonly string[]): string => [PREFIX, ...parts].join(':');
