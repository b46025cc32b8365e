import { env } from 'node:process';
import { usageError } from '@p2mtrace/trace-format/errors';

/** Names the queue where no option does, and may have the password that no command line should. */
const QUEUE_VARIABLE = 'P2MTRACE_QUEUE';

/** Where Redis or Valkey listens. */
export interface QueueAddress {
  /** As it may be told: without user and password. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly isTls: boolean;
}

const TLS = ['rediss:', 'valkeys:'];
const PROTOCOLS = ['redis:', 'valkey:', ...TLS];
const FORM = 'give redis://HOST:PORT/NUMBER, or rediss:// for TLS';

/**
 * The queue that is named, or else the one of the environment. Not parsed with the command line: what is told of an option
 * that is wrong has its value, and with it the password.
 * @throws P2mError P2M_QUEUE (usage)
 */
export function queueAddress(named: string | undefined): QueueAddress {
  const text = named ?? env[QUEUE_VARIABLE];
  if (text === undefined || text === '') {
    throw usageError('P2M_QUEUE', 'no queue is named', `--queue redis://HOST:PORT/0, or ${QUEUE_VARIABLE} names one`);
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // What is wrong with it is not told by what it is: it may have a password anywhere.
  if (url === undefined || !PROTOCOLS.includes(url.protocol) || url.hostname === '' || url.search !== '') {
    throw usageError('P2M_QUEUE', 'the queue is not named by a URL of Redis or Valkey', FORM);
  }
  const [, db] = /^\/?(\d{0,4})$/.exec(url.pathname) ?? [];
  if (db === undefined) throw usageError('P2M_QUEUE', 'behind the host, the URL of the queue has no number', FORM);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? 6379 : Number(url.port);
  const secret = (part: string) => (part === '' ? undefined : decoded(part));
  hideCommandLine(named);
  return {
    name: `${url.protocol}//${url.hostname}:${port}/${Number(db)}`,
    host,
    port,
    db: Number(db),
    username: secret(url.username),
    password: secret(url.password),
    isTls: TLS.includes(url.protocol),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw usageError('P2M_QUEUE', 'user or password of the queue are not written as in a URL', 'write % as %25');
  }
}

/** What a command line has is seen by everybody on the machine. */
function hideCommandLine(named: string | undefined): void {
  if (named?.includes('@') === true) process.title = 'p2mtrace';
}
