import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket, connect as tcp } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

const SERVERS = ['redis-server', 'valkey-server'];
const program = SERVERS.find(name => spawnSync(name, ['--version']).status === 0);

/** False, and said, where no server is installed: apt-get install redis-server. */
export const HAS_REDIS = program !== undefined;
if (!HAS_REDIS) console.warn('skipped: tests of the queue, as neither redis-server nor valkey-server is installed');

/** A port that nobody has at this moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A Redis that keeps what it is told, in a folder. */
export class RedisServer {
  readonly port: number;
  private readonly folder: string;
  private readonly password: string;
  private child: ChildProcess | undefined;

  private constructor(port: number, folder: string, password: string) {
    this.port = port;
    this.folder = folder;
    this.password = password;
  }

  static async start(folder: string, password = ''): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), folder, password);
    await server.start();
    return server;
  }

  get url(): string {
    return this.urlAt(this.port);
  }

  /** The same behind another port. */
  urlAt(port: number): string {
    return `redis://${this.password === '' ? '' : `:${encodeURIComponent(this.password)}@`}127.0.0.1:${port}/0`;
  }

  async start(): Promise<void> {
    const keep = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always', '--dir', this.folder];
    const secret = this.password === '' ? [] : ['--requirepass', this.password];
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', ...keep, ...secret];
    this.child = spawn(program ?? '', args, { stdio: 'ignore' });
    await this.untilItAnswers();
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    if (this.child?.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  /** What redis-cli says. */
  async command(...words: string[]): Promise<string> {
    const secret = this.password === '' ? [] : ['-a', this.password, '--no-auth-warning'];
    return spawnSync('redis-cli', ['-p', String(this.port), ...secret, ...words], { encoding: 'utf8' }).stdout.trim();
  }

  private async untilItAnswers(): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      if (/PONG/.test(await this.command('ping'))) return;
      await wait(100);
    }
    throw new Error('redis-server does not answer');
  }
}

/** A way to a port on which connections can be cut, and new ones kept from coming through. */
export class Wire {
  port = 0;
  private isCut = false;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer(socket => {
    if (this.isCut) {
      socket.destroy();
      return;
    }
    const other = tcp(this.to, '127.0.0.1');
    for (const [one, two] of [
      [socket, other],
      [other, socket],
    ]) {
      this.sockets.add(one);
      one
        .on('error', () => undefined)
        .on('close', () => {
          this.sockets.delete(one);
          two.destroy();
        });
      one.pipe(two);
    }
  });
  private readonly to: number;

  constructor(to: number) {
    this.to = to;
  }

  async open(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as { port: number }).port;
  }

  /** Drops all connections, and lets none come until `mend`. */
  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.isCut = false;
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}
