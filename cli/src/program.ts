import { suggestion, usageError } from '@p2mtrace/trace-format';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { Budget } from './budget/budget-options.js';
import { parentProcess } from './budget/isolated.js';
import { watchBudget } from './budget/watch.js';
import type { CommandSpec, Context, Run } from './command.js';
import { TOPICS } from './command-specs/topics.js';
import { COMMANDS } from './commands.js';
import { COMMON_OPTIONS, type CommonOptions } from './common-options.js';
import { EXIT } from './exit.js';
import { applyCommonOptions, sayCost } from './invocation.js';
import type { OptionSpec } from './options.js';
import { version } from './version.js';

/**
 * Parses the command line and runs the command that it names; returns the exit code. `isolate` runs the command line of
 * this process in another one; without it, all commands run here.
 */
export async function runProgram(
  argv: readonly string[],
  context: Context,
  isolate?: () => Promise<number>,
): Promise<number> {
  let code: number = EXIT.fine;
  // Help is data: that it can't be written must not pass unseen.
  let printed = '';
  const print = (text: string) => {
    printed += text;
  };
  const program = new Command('p2mtrace')
    .description("Record/replay trace analysis for Xen's p2m")
    .version(version(), '-V, --version', 'print the version')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: print,
      writeErr: text => context.err.say(text),
      outputError: (text, write) => write(withoutSecrets(text.replace(/^error: /, 'p2mtrace: P2M_USAGE: '))),
    })
    .addHelpText('after', `\n${topicList()}`);
  for (const option of COMMON_OPTIONS) program.addOption(commanderOption(option));
  for (const spec of COMMANDS) {
    addCommand(program, spec, async (args, given, command) => {
      const options = withFormat(applyCommonOptions({ ...program.opts(), ...given }, context), command);
      if (spec.load === undefined) {
        showHelp(program, (args[0] as unknown as readonly string[]).join(' '), print);
        return;
      }
      const parent = parentProcess();
      if (spec.isolated === true && parent === 0 && isolate !== undefined) {
        code = await isolate();
        return;
      }
      await watchBudget(
        spec.hasOwnMemory === true ? { ...(options as Budget), memory: 0 } : (options as Budget),
        parent,
      );
      const started = performance.now();
      const { run } = (await spec.load()) as unknown as { run: Run<readonly string[], object> };
      const { strict } = options as { strict?: boolean };
      code = await run(args, options, strict === true ? { ...context, isStrict: true } : context);
      sayCost(spec.name, performance.now() - started, context);
    });
  }
  try {
    await program.parseAsync(oneWordCommand(argv), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // commander ends with 0 for help and version, and with 1 for any error in the command line.
    code = error.exitCode === 0 ? EXIT.fine : EXIT.usage;
  }
  await context.out.write(printed);
  return code;
}

type Action = (args: readonly string[], options: CommonOptions & object, command: Command) => Promise<void>;

function addCommand(program: Command, spec: CommandSpec, action: Action): void {
  // Not by command(), for which a second word is an argument.
  const command = program.createCommand(spec.name).copyInheritedSettings(program);
  program.addCommand(command.summary(spec.summary).description(capitalized(spec.summary)));
  const { args, optionalArgs = [] } = spec;
  for (const [name, help] of args) command.argument(`<${name}>`, help);
  for (const [name, help] of optionalArgs) command.argument(`[${name}]`, help);
  if (spec.usage !== undefined) command.usage(spec.usage);
  const own = new Set(spec.options.map(longName));
  const common = COMMON_OPTIONS.filter(option => !own.has(longName(option)));
  for (const option of [...spec.options, ...common]) command.addOption(commanderOption(option));
  const examples = ['Examples:', ...spec.examples.map(example => `  ${example}`)].join('\n');
  command.addHelpText('after', `\n${spec.more === undefined ? '' : `${spec.more}\n\n`}${examples}`);
  const count = args.length + optionalArgs.length;
  command.action((...all: unknown[]) => action(all.slice(0, count) as string[], all[count] as object, command));
}

/** The words of a command line, where a command of two words, such as `audit merge`, is one. */
function oneWordCommand(argv: readonly string[]): string[] {
  const names = COMMANDS.map(({ name }) => name);
  const at = argv.findIndex((word, i) => names.includes(word) || names.includes(`${word} ${argv[i + 1]}`));
  const both = `${argv[at]} ${argv[at + 1]}`;
  return names.includes(both) ? argv.toSpliced(at, 2, both) : [...argv];
}

/** What is said of a wrong command line may have a part of it. */
const withoutSecrets = (text: string) => text.replaceAll(/(\b[a-z]+:\/\/)[^\s'"]*@/gi, '$1…@');

const longName = ({ flags }: OptionSpec) => /--[\w-]+/.exec(flags)?.[0];

function commanderOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.help);
  const { choices, parse, collect } = spec;
  if (choices !== undefined) {
    option.choices(choices).argParser((text, before: unknown) => {
      if (!choices.includes(text)) {
        throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}${suggestion(text, choices)}`);
      }
      return option.variadic ? [...(Array.isArray(before) ? before : []), text] : text;
    });
  }
  if (spec.byDefault !== undefined) option.default(parse?.(spec.byDefault) ?? spec.byDefault, spec.byDefault);
  if (spec.required === true) option.makeOptionMandatory();
  if (parse !== undefined) option.argParser(text => parse(text));
  if (collect !== undefined) {
    option.argParser((text, before: unknown[] | undefined) => [...(before ?? []), collect(text)]);
  }
  return option;
}

/** `--json` becomes the format. @throws P2mError P2M_USAGE (usage) if another is asked for as well */
function withFormat<T extends object>(options: T & { json?: boolean; format?: unknown }, command: Command): T {
  const hasJson = command.options.find(({ long }) => long === '--format')?.argChoices?.includes('json') === true;
  if (options.json !== true || !hasJson) return options;
  if (command.getOptionValueSource('format') === 'cli' && options.format !== 'json') {
    throw usageError('P2M_USAGE', `--json and --format ${options.format} contradict each other`, 'give one of them');
  }
  return { ...options, format: 'json' };
}

/** Prints the help of a command, or a topic. @throws P2mError P2M_USAGE (usage) for a name that is neither */
function showHelp(program: Command, name: string, print: (text: string) => void): void {
  const topic = TOPICS.find(one => one.name === name);
  const command = name === '' ? program : program.commands.find(one => one.name() === name);
  if (topic !== undefined) print(`${topic.text}\n`);
  else if (command !== undefined) command.outputHelp();
  else {
    const names = [...program.commands.map(one => one.name()), ...TOPICS.map(one => one.name)];
    const what = `there is no command or topic ${name}${suggestion(name, names)}`;
    throw usageError('P2M_USAGE', what, `topics are ${TOPICS.map(one => one.name).join(', ')}`);
  }
}

function topicList(): string {
  const width = Math.max(...TOPICS.map(({ name }) => name.length)) + 2;
  const lines = TOPICS.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`);
  return ['Topics (p2mtrace help TOPIC):', ...lines, '', TOPICS.find(({ name }) => name === 'exit-codes')?.text].join(
    '\n',
  );
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
