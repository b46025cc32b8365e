import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { InvalidArgumentError } from 'commander';

/** How long somebody may take to hear of a finding. */
const PATIENCE_MS = 10_000;
/** Tellings that may wait for those before them. */
const MOST_WAITING = 100;

/** A URL of this machine: what a trace tells goes nowhere else. */
export function parseWebhook(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const name = url?.hostname ?? '';
  const isLoopback = name === 'localhost' || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name);
  if (url?.protocol === 'http:' && isLoopback) return text;
  throw new InvalidArgumentError('Expected a URL of this machine, such as http://127.0.0.1:8080/finding.');
}

/** Who else hears of findings: a command, which gets the JSON on its stdin, and a URL, to which it is posted. */
export interface Listeners {
  readonly command?: string | undefined;
  readonly webhook?: string | undefined;
}

/** Passes tellings on, one after the other, while the watch goes on. */
export class Delivery {
  private readonly listeners: Listeners;
  private readonly onFailure: (what: string) => void;
  private last: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(listeners: Listeners, onFailure: (what: string) => void) {
    this.listeners = listeners;
    this.onFailure = onFailure;
  }

  send(json: string): void {
    const { command, webhook } = this.listeners;
    if (command !== undefined) this.add('the command', () => run(command, json));
    if (webhook !== undefined) this.add(webhook, () => post(webhook, json));
  }

  /** When all have arrived, or have failed. */
  async done(): Promise<void> {
    await this.last;
  }

  private add(whom: string, deliver: () => Promise<void>): void {
    if (this.waiting === MOST_WAITING) {
      this.onFailure(`${whom}: ${MOST_WAITING} others are waiting`);
      return;
    }
    this.waiting++;
    this.last = this.last
      .then(deliver)
      .catch((error: Error) => this.onFailure(`${whom}: ${error.message}`))
      .finally(() => {
        this.waiting--;
      });
  }
}

function run(command: string, json: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 'ignore', 'ignore'], timeout: PATIENCE_MS });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(signal === null ? `exit code ${code}` : `it was ended (${signal})`));
    });
    // Who does not read it may have ended.
    child.stdin.on('error', () => undefined);
    child.stdin.end(json);
  });
}

function post(url: string, json: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) };
    const call = request(url, { method: 'POST', headers, timeout: PATIENCE_MS }, response => {
      response.resume();
      const { statusCode = 0 } = response;
      if (statusCode >= 200 && statusCode < 300) resolve();
      else reject(new Error(`status ${statusCode}`));
    });
    call.once('timeout', () => call.destroy(new Error('no answer')));
    call.once('error', reject);
    call.end(json);
  });
}
