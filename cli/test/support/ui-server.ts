import type { ChildProcess } from 'node:child_process';
import { afterAll } from 'vitest';
import { start } from './cli.js';

/** Starts `p2mtrace ui` with these arguments; returns its address. All are ended when the tests of the file are done. */
export function uiServers(): (...args: readonly string[]) => Promise<{ url: string; child: ChildProcess }> {
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  return async (...args) => {
    const child = start(['ui', ...args, '--no-open']);
    children.push(child);
    let [out, err] = ['', ''];
    child.stderr?.on('data', text => {
      err += text;
    });
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout?.on('data', text => {
        out += text;
        if (out.includes('\n')) resolve(out.trim());
      });
      child.once('close', code => reject(new Error(`it ended with ${code}: ${err}`)));
    });
    return { url, child };
  };
}
