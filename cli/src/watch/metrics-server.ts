import { createServer, type Server } from 'node:http';
import { usageError } from '@p2mtrace/trace-format/errors';
import { InvalidArgumentError } from 'commander';

/** Where metrics are served. */
export interface MetricsAddress {
  readonly host: string;
  readonly port: number;
}

const TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** `127.0.0.1:9123`, `[::1]:9123`. */
export function parseAddress(text: string): MetricsAddress {
  const [, host = '', port = ''] = /^(?:\[([^\]]+)\]|[^:]+):(\d+)$/.exec(text) ?? [];
  const name = host === '' ? text.slice(0, text.lastIndexOf(':')) : host;
  if (port === '' || Number(port) > 65_535)
    throw new InvalidArgumentError('Expected HOST:PORT, such as 127.0.0.1:9123.');
  return { host: name, port: Number(port) };
}

/** Serves what `text` returns at `/metrics`. @throws P2mError P2M_METRICS (usage) if nobody can listen there */
export async function serveMetrics({ host, port }: MetricsAddress, text: () => string): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    const isThere =
      request.url?.split('?')[0] === '/metrics' && (request.method === 'GET' || request.method === 'HEAD');
    if (!isThere) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('metrics are at /metrics\n');
      return;
    }
    response.writeHead(200, { 'content-type': TYPE, 'cache-control': 'no-store' });
    response.end(request.method === 'HEAD' ? undefined : text());
  });
  server.requestTimeout = 5000;
  server.maxConnections = 16;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  }).catch((error: Error) => {
    throw usageError(
      'P2M_METRICS',
      `metrics can't be served on ${host}:${port}: ${error.message}`,
      'name another port',
    );
  });
  server.on('error', () => undefined);
  // What serves does not keep the process alive.
  server.unref();
  return server;
}
