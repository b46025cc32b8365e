import { Command, CommanderError, Option } from 'commander';
import { BUDGET_OPTIONS, type Budget } from './budget/budget-options.js';
import { parentProcess, runIsolated } from './budget/isolated.js';
import { watchBudget } from './budget/watch.js';
import type { CommandSpec, Context, Run } from './command.js';
import { COMMANDS } from './commands.js';
import { EXIT } from './exit.js';
import type { OptionSpec } from './options.js';
import { version } from './version.js';

const EXIT_CODES = `Exit codes: 0 fine, 1 findings, 2 wrong usage, 3 unreadable or damaged input, 4 a bug of p2mtrace, 5 a limit was reached.
Data goes to stdout, everything else to stderr.`;

/** Parses the command line and runs the command that it names; returns the exit code. */
export async function runProgram(argv: readonly string[], context: Context): Promise<number> {
  let code: number = EXIT.fine;
  const program = new Command('p2mtrace')
    .description("Record/replay trace analysis for Xen's p2m")
    .version(version(), '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: text => context.out.say(text),
      writeErr: text => context.err.say(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'p2mtrace: P2M_USAGE: ')),
    })
    .addHelpText('after', `\n${EXIT_CODES}`);
  for (const spec of COMMANDS) {
    addCommand(program, spec, async (args, options) => {
      const parent = parentProcess();
      if (spec.isolated === true && parent === 0) {
        code = await runIsolated(options as Budget);
        return;
      }
      await watchBudget(options as Budget, parent);
      const { run } = (await spec.load()) as unknown as { run: Run<readonly string[], object> };
      code = await run(args, options, context);
    });
  }
  try {
    await program.parseAsync(argv as string[], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // commander ends with 0 for help and version, and with 1 for any error in the command line.
    return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
  }
  return code;
}

function addCommand(
  program: Command,
  spec: CommandSpec,
  action: (args: readonly string[], options: object) => Promise<void>,
): void {
  const command = program.command(spec.name).summary(spec.summary).description(capitalized(spec.summary));
  const { args, optionalArgs = [] } = spec;
  for (const [name, help] of args) command.argument(`<${name}>`, help);
  for (const [name, help] of optionalArgs) command.argument(`[${name}]`, help);
  if (spec.usage !== undefined) command.usage(spec.usage);
  for (const option of [...spec.options, ...BUDGET_OPTIONS]) command.addOption(commanderOption(option));
  const examples = ['Examples:', ...spec.examples.map(example => `  ${example}`)].join('\n');
  command.addHelpText('after', `\n${spec.more === undefined ? '' : `${spec.more}\n\n`}${examples}`);
  const count = args.length + optionalArgs.length;
  command.action((...all: unknown[]) => action(all.slice(0, count) as string[], all[count] as object));
}

function commanderOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.help);
  if (spec.choices !== undefined) option.choices(spec.choices);
  if (spec.byDefault !== undefined) option.default(spec.parse?.(spec.byDefault) ?? spec.byDefault, spec.byDefault);
  if (spec.required === true) option.makeOptionMandatory();
  const { parse, collect } = spec;
  if (parse !== undefined) option.argParser(text => parse(text));
  if (collect !== undefined) {
    option.argParser((text, before: unknown[] | undefined) => [...(before ?? []), collect(text)]);
  }
  return option;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
