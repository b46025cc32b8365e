import type { Refusal } from '../api.js';

/** What the server refused, as the command line would say it. */
class Refused extends Error {
  readonly code: string;
  readonly remedy: string | null;

  constructor({ code, message, remedy }: Refusal) {
    super(message);
    this.code = code;
    this.remedy = remedy;
  }
}

type Params = Readonly<Record<string, string | number | undefined>>;

/** Paths are below the token, where this page is. */
function address(path: string, params: Params): string {
  const given = Object.entries(params).filter(([, value]) => value !== undefined);
  return `api/${path}?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))}`;
}

async function checked(response: Response): Promise<Response> {
  if (response.ok) return response;
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  if (isJson) throw new Refused((await response.json()) as Refusal);
  throw new Refused({ code: `HTTP ${response.status}`, message: await response.text(), remedy: null });
}

/** @throws Refused, or what fetch throws where the server is gone */
export async function ask<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
  const response = await checked(await fetch(address(path, params), { signal: signal ?? null }));
  return (await response.json()) as T;
}

/** @throws like `ask` */
export async function askBytes(path: string, params: Params): Promise<ArrayBuffer> {
  return (await checked(await fetch(address(path, params)))).arrayBuffer();
}

/** @throws like `ask` */
export async function send<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const response = await checked(
    await fetch(address(path, {}), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: signal ?? null,
    }),
  );
  return (await response.json()) as T;
}

/** Asks when no other question has taken its place for a moment: while the wheel turns, only the last counts. */
export async function afterPause<T>(signal: AbortSignal, question: () => Promise<T>): Promise<T> {
  await new Promise(resolve => setTimeout(resolve, 120));
  signal.throwIfAborted();
  return question();
}

/** One request at a time: what was asked for meanwhile is asked next, and only the last of it. */
export function latest<A>(work: (what: A) => Promise<void>): (what: A) => void {
  let running = false;
  let next: { what: A } | undefined;
  const run = async () => {
    running = true;
    while (next !== undefined) {
      const { what } = next;
      next = undefined;
      await work(what);
    }
    running = false;
  };
  return what => {
    next = { what };
    if (!running) void run();
  };
}
