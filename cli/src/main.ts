import { describeError, EXIT, exitCodeOf } from './exit.js';
import { Terminal } from './terminal.js';
import { version } from './version.js';

const context = { out: new Terminal(process.stdout), err: new Terminal(process.stderr) };

/** Ends through process.exitCode: what is still being written gets time, and native code is never cut off. */
async function main(argv: readonly string[]): Promise<void> {
  try {
    process.exitCode = await run(argv);
    await context.out.flush();
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    // Rows that came before the error are right and whole; that they can't be written need not be told twice.
    await context.out.flush().catch(() => undefined);
    context.err.say(await describeError(error));
  }
}

async function run(argv: readonly string[]): Promise<number> {
  // Scripts ask for it before they do anything: no reason to load the parser of command lines.
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    await context.out.write(`${version()}\n`);
    return EXIT.fine;
  }
  const { runProgram } = await import('./program.js');
  return runProgram(argv, context);
}

process.on('uncaughtException', async error => {
  context.err.say(await describeError(error));
  process.exit(EXIT.bug);
});
await main(process.argv.slice(2));
