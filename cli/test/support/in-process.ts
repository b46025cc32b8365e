import { Writable } from 'node:stream';
import { describeError, exitCodeOf } from '../../src/exit.js';
import { runProgram } from '../../src/program.js';
import { Terminal } from '../../src/terminal.js';
import type { Ended } from './cli.js';

/** A stream as a command gets it, and what was written to it. */
export function sink(isTTY = false): { readonly stream: NodeJS.WriteStream; readonly text: () => string } {
  let text = '';
  const stream = new Writable({
    write(piece, _, done) {
      text += piece;
      done();
    },
  });
  const like = Object.assign(stream, { isTTY, columns: 120, hasColors: () => isTTY });
  return { stream: like as unknown as NodeJS.WriteStream, text: () => text };
}

/** Runs a command line here, without a process of its own: all but main.ts and the bundle. */
export async function runHere(args: readonly string[], isTTY = false): Promise<Ended> {
  const [stdout, stderr] = [sink(isTTY), sink(isTTY)];
  const context = { out: new Terminal(stdout.stream), err: new Terminal(stderr.stream) };
  let code: number;
  try {
    code = await runProgram(args, context);
  } catch (error) {
    code = exitCodeOf(error);
    context.err.say(await describeError(error));
  }
  await context.out.flush();
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}
