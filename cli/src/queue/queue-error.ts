import { P2mError } from '@p2mtrace/trace-format/errors';

/** What Redis says while it can't take or give anything, which passes as a lost connection does. */
const PASSING = new Set(['OOM', 'MISCONF', 'READONLY', 'LOADING', 'MASTERDOWN', 'CLUSTERDOWN', 'TRYAGAIN']);

const REMEDIES: Readonly<Record<string, string>> = {
  OOM: 'give Redis more memory (maxmemory), with maxmemory-policy noeviction',
  MISCONF: 'Redis can not write to its disk: make room there, or correct the rights',
  READONLY: 'this is a replica: name the primary',
  LOADING: 'Redis reads what it kept: try again in a while',
  NOPERM: 'let the user have all commands on keys ~p2mtrace:* (ACL SETUSER)',
  WRONGTYPE: 'something else uses keys that begin with p2mtrace: give it another database (/1 behind the host)',
  ERR: 'look whether it is Redis 6.2 or newer, or Valkey, with no command renamed',
};
const OTHERWISE = 'look into the log of Redis';

/** The first word of what Redis answers in place of a result, such as `OOM`; undefined for other errors. */
export function replyWord(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined;
  // What was wrong with the commands of a transaction is told of each.
  const { previousErrors } = error as { previousErrors?: readonly unknown[] };
  const before = error.message.startsWith('EXECABORT') ? replyWord(previousErrors?.[0]) : undefined;
  if (before !== undefined) return before;
  // A script tells what one of its commands was answered.
  const inScript = /^ERR .*script.*?\b(OOM|MISCONF|READONLY|NOPERM|WRONGTYPE) /i.exec(error.message)?.[1];
  return inScript ?? /^-?([A-Z]+)/.exec(error.message)?.[1] ?? 'ERR';
}

/** Whether waiting may help. */
export const isPassing = (error: unknown): boolean => PASSING.has(replyWord(error) ?? '');

/** Whether Redis will never let this be done: a command is not allowed, or not known. */
export const isForGood = (error: unknown): boolean =>
  replyWord(error) === 'NOPERM' || (replyWord(error) === 'ERR' && /unknown command/i.test((error as Error).message));

/** What Redis answers, without the arguments of a command: among them may be the password. */
export function replyText(error: unknown): string {
  const word = replyWord(error) ?? '';
  return word === 'ERR' ? (error as Error).message.split(/[,:]/)[0].slice(0, 100) : word;
}

/** An error of Redis as one of the queue at `name`; others as they are. */
export function queueError(error: unknown, name: string): unknown {
  const word = replyWord(error);
  if (word === undefined) return error;
  return new P2mError('P2M_QUEUE', `Redis at ${name} does not do what the queue needs: ${replyText(error)}`, {
    blame: 'usage',
    remedy: REMEDIES[word] ?? OTHERWISE,
  });
}

/** Work on the queue at `name`. @throws P2mError P2M_QUEUE (usage) if Redis refuses a command */
export async function onQueue<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw queueError(error, name);
  }
}

/** The results of a transaction; an error of one command is one of all. @throws ReplyError */
export function checked(results: readonly (readonly [Error | null, unknown])[] | null): void {
  const error = results?.find(([one]) => one !== null)?.[0];
  if (error != null) throw error;
}
