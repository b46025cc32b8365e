import { describeError, EXIT, exitCodeOf } from './exit.js';
import { runProgram } from './program.js';
import { Terminal } from './terminal.js';

const context = { out: new Terminal(process.stdout), err: new Terminal(process.stderr) };

/** Ends through process.exitCode: what is still being written gets time, and native code is never cut off. */
async function main(): Promise<void> {
  try {
    process.exitCode = await runProgram(process.argv.slice(2), context);
    await context.out.flush();
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    context.err.say(await describeError(error));
    // Rows that came before the error are whole and were asked for; if they can't be written, that is told already.
    await context.out.flush().catch(() => undefined);
  }
}

process.on('uncaughtException', async error => {
  context.err.say(await describeError(error));
  process.exit(EXIT.bug);
});
await main();
