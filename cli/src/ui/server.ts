import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { usageError } from '@p2mtrace/trace-format/errors';
import { isP2mError } from '../exit.js';
import { answerText } from './answer-text.js';
import { Guard, HEADERS, newToken, Tickets } from './guard.js';
import { Query } from './query.js';
import type { Answer, Routes } from './routes.js';
import type { StaticFile } from './static-files.js';

/** Longest body of a request: a query. */
const BODY = 1 << 20;

export interface UiServer {
  /** With the token: whoever has it sees the trace. */
  readonly url: string;
  /** An address that leads there once: other users of the machine may see it in the list of processes. */
  openUrl(): string;
  close(): void;
}

/** Serves the page and its answers on 127.0.0.1. @throws P2mError P2M_UI_PORT (usage) if the port can't be had */
export async function serve(port: number, routes: Routes, files: ReadonlyMap<string, StaticFile>): Promise<UiServer> {
  const token = newToken();
  const tickets = new Tickets();
  let guard: Guard | undefined;
  const server = createServer((request, response) => {
    const isOpened = tickets.isTaken(request.url ?? '');
    const path = isOpened ? '' : (guard?.path(request) ?? { status: 503, why: 'not ready' });
    if (typeof path !== 'string') end(response, path.status, 'text/plain', `${path.why}\n`);
    else if (path === '') end(response, 302, 'text/plain', '', { location: `/${token}/` });
    else void respond(path, request, response, routes, files);
  });
  server.requestTimeout = 10_000;
  await listen(server, port);
  const { port: own } = server.address() as AddressInfo;
  guard = new Guard(token, own);
  const root = `http://127.0.0.1:${own}`;
  return {
    url: `${root}/${token}/`,
    openUrl: () => `${root}${tickets.make()}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  }).catch((error: Error) => {
    throw usageError('P2M_UI_PORT', `port ${port} can't be had: ${error.message}`, 'name another port, or none');
  });
}

async function respond(
  url: string,
  request: IncomingMessage,
  response: ServerResponse,
  routes: Routes,
  files: ReadonlyMap<string, StaticFile>,
): Promise<void> {
  const question = url.indexOf('?');
  const path = question < 0 ? url : url.slice(0, question);
  const file = request.method === 'GET' ? files.get(path) : undefined;
  if (file !== undefined) {
    end(response, 200, file.type, file.bytes);
    return;
  }
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  try {
    const params = new URLSearchParams(question < 0 ? '' : url.slice(question));
    const query = new Query(params);
    const answer = await answerOf(path, query, { query: params, signal: gone.signal }, request, routes);
    if (answer === undefined) end(response, 404, 'text/plain', 'there is nothing here\n');
    else if (typeof answer === 'string') end(response, 200, 'application/json; charset=utf-8', answer);
    else end(response, 200, 'application/octet-stream', answer);
  } catch (error) {
    const known = isP2mError(error);
    const { code, message, remedy } = known ? error : { code: 'P2M_BUG', message: String(error), remedy: undefined };
    const refusal = answerText({ code, message, remedy: remedy ?? null });
    end(response, known ? 400 : 500, 'application/json; charset=utf-8', refusal);
  }
}

async function answerOf(
  path: string,
  query: Query,
  rest: { query: URLSearchParams; signal: AbortSignal },
  request: IncomingMessage,
  routes: Routes,
): Promise<Answer | undefined> {
  const { method } = request;
  const isPost = method === 'POST';
  if (!Object.hasOwn(isPost ? routes.post : routes.get, path)) return undefined;
  const model = routes.model(query);
  if (!isPost) return routes.get[path](query, model, { ...rest, body: '' });
  // A form of another page can't send this type.
  if (request.headers['content-type'] !== 'application/json') {
    throw usageError('P2M_UI_QUERY', 'a query is sent as JSON', 'load the page again');
  }
  return routes.post[path](model, { ...rest, body: await bodyOf(request) });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  request.setEncoding('utf8');
  for await (const part of request) {
    body += part;
    if (body.length > BODY) throw usageError('P2M_UI_QUERY', 'the query is too long', 'make it shorter');
  }
  return body;
}

function end(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
  more: Readonly<Record<string, string>> = {},
): void {
  if (response.writableEnded) return;
  response.writeHead(status, { ...HEADERS, 'content-type': type, ...more }).end(body);
}
