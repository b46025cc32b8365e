import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Why a request is refused: its status and a word. */
export interface Refused {
  readonly status: number;
  readonly why: string;
}

/** Clients leave it out of Host and Origin. */
const HTTP = 80;

/** A token that nobody guesses: part of the address of every page and answer. */
export const newToken = (): string => randomBytes(18).toString('base64url');

/**
 * Lets through only what a page of this server asked, under the name that it was opened by: a page elsewhere that makes
 * the browser ask has another Origin, and a name of its own that it let point to 127.0.0.1 is another Host.
 */
export class Guard {
  private readonly token: Buffer;
  private readonly hosts: ReadonlySet<string>;

  constructor(token: string, port: number) {
    this.token = Buffer.from(token);
    const names = ['127.0.0.1', 'localhost'];
    this.hosts = new Set(names.flatMap(name => (port === HTTP ? [name, `${name}:${port}`] : [`${name}:${port}`])));
  }

  /** The path below the token, or why there is none. */
  path({ headers, headersDistinct, method, url = '' }: IncomingMessage): string | Refused {
    const { host = '', origin, 'sec-fetch-site': site } = headers;
    // Of several, who stands between might believe another.
    if (!this.hosts.has(host) || headersDistinct.host?.length !== 1) return { status: 421, why: 'wrong host' };
    if (origin !== undefined && origin !== `http://${host}`) return { status: 403, why: 'wrong origin' };
    if (site === 'cross-site' || site === 'same-site') return { status: 403, why: 'asked from elsewhere' };
    if (method !== 'GET' && method !== 'POST') return { status: 405, why: 'GET or POST' };
    const [, token, path] = /^\/([^/?]*)(\/.*)?$/.exec(url) ?? [];
    const given = Buffer.from(token ?? '');
    if (given.length !== this.token.length || !timingSafeEqual(given, this.token)) {
      return { status: 403, why: 'wrong token: open the address that p2mtrace ui printed' };
    }
    return path ?? '';
  }
}

/** Addresses that each let in once. */
export class Tickets {
  private readonly paths = new Set<string>();

  make(): string {
    const path = `/open/${newToken()}`;
    this.paths.add(path);
    return path;
  }

  /** True the first time. */
  isTaken(path: string): boolean {
    return this.paths.delete(path);
  }
}

/** Of every answer: only what this server has is loaded, nobody frames it, and nobody learns its address. */
export const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; " +
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
    "require-trusted-types-for 'script'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};
