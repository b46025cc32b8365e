import { inspect } from 'node:util';
import { describeError, EXIT, exitCodeOf, isP2mError } from './exit.js';
import { Terminal } from './terminal.js';
import { version } from './version.js';

type Context = { readonly out: Terminal; readonly err: Terminal };
let made: Context | undefined;

/** Both streams, when first needed: the process that only waits for another one needs neither, and they take time. */
function context(): Context {
  made ??= { out: new Terminal(process.stdout), err: new Terminal(process.stderr) };
  return made;
}

/** Ends through process.exitCode, so that pending writes complete and native code is never cut off. */
async function main(argv: readonly string[]): Promise<void> {
  try {
    process.exitCode = await run(argv);
    await made?.out.flush();
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    // Rows before the error are right and complete; a failure to write them need not be reported twice.
    await made?.out.flush().catch(() => undefined);
    const { err } = context();
    err.say(await describeError(error));
    if (isP2mError(error)) err.detail(`${inspect(error)}\n`);
  }
}

async function run(argv: readonly string[]): Promise<number> {
  // Scripts ask for it before anything else: no need to load the parser of command lines.
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    await context().out.write(`${version()}\n`);
    return EXIT.fine;
  }
  if (argv[0] === 'complete' && argv[1] === '--') {
    const { answer } = await import('./completion/answer.js');
    await answer(argv.slice(2), context().out);
    return EXIT.fine;
  }
  const { parentProcess, runIsolated } = await import('./budget/isolated.js');
  // The other process parses the command line: no need to do it twice.
  if (argv[0] === 'sql' && parentProcess() === 0) return runIsolated();
  const { runProgram } = await import('./program.js');
  return runProgram(argv, context(), runIsolated);
}

process.on('uncaughtException', async error => {
  context().err.say(await describeError(error));
  process.exit(exitCodeOf(error));
});
await main(process.argv.slice(2));
