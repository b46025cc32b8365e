import type { OptionSpec } from './options.js';
import type { Terminal } from './terminal.js';

/** Environment of a command: stdout is for data, stderr for messages. */
export interface Context {
  readonly out: Terminal;
  readonly err: Terminal;
  /** True if anything that a trace lost, or that was guessed, makes the exit code EXIT.input. */
  readonly isStrict?: boolean;
}

/** Runs a command; returns its exit code. Errors are thrown. */
export type Run<Args extends readonly unknown[] = readonly string[], Options = never> = (
  args: Args,
  options: Options,
  context: Context,
) => Promise<number>;

/** A command as data: its help text, and where its code is. */
export interface CommandSpec {
  readonly name: string;
  /** Names of the arguments, all of them required, with their help. */
  readonly args: readonly (readonly [name: string, help: string])[];
  /** The same for optional arguments, which follow the others. */
  readonly optionalArgs?: readonly (readonly [name: string, help: string])[];
  /** The usage line, if it does not follow from the arguments. */
  readonly usage?: string;
  readonly summary: string;
  /** Help text after the options. */
  readonly more?: string;
  readonly options: readonly OptionSpec[];
  readonly examples: readonly string[];
  /** Runs what users write, in native code: in a process of its own. */
  readonly isolated?: boolean;
  /** Its `--memory` is a limit of something else than the command itself. */
  readonly hasOwnMemory?: boolean;
  /** Loads the code only when the command is run, as start-up time matters. Help has none: the program has the texts. */
  readonly load?: () => Promise<{ readonly run: Run<never, never> }>;
}
