import type { OptionSpec } from './options.js';
import type { Terminal } from './terminal.js';

/** What a command works with: stdout is for data, stderr for talk. */
export interface Context {
  readonly out: Terminal;
  readonly err: Terminal;
}

/** Runs a command; returns its exit code. Errors are thrown. */
export type Run<Args extends readonly unknown[] = readonly string[], Options = never> = (
  args: Args,
  options: Options,
  context: Context,
) => Promise<number>;

/** A command as data: what the help says, and where its code is. */
export interface CommandSpec {
  readonly name: string;
  /** Names of the arguments, all of them required, with their help. */
  readonly args: readonly (readonly [name: string, help: string])[];
  /** The same of those that may be left out; they follow the others. */
  readonly optionalArgs?: readonly (readonly [name: string, help: string])[];
  /** How it is called, where args alone do not tell. */
  readonly usage?: string;
  readonly summary: string;
  /** What the help says behind the options. */
  readonly more?: string;
  readonly options: readonly OptionSpec[];
  readonly examples: readonly string[];
  /** Loads the code only when it is run, as start-up time counts. */
  readonly load: () => Promise<{ readonly run: Run<never, never> }>;
}
