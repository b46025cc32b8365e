import { BUDGET_OPTIONS, type Budget } from './budget/budget-options.js';
import { type OptionSpec, PROGRESS } from './options.js';

/** Options that every command has; they may also stand before the command. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--color <when>',
    help: 'colors on stdout (default: auto, or as NO_COLOR and FORCE_COLOR say)',
    choices: ['auto', 'always', 'never'],
  },
  { flags: '-q, --quiet', help: 'nothing on stderr but problems' },
  { flags: '-v, --verbose', help: 'more on stderr: what is read and used, how long it took' },
  PROGRESS,
  ...BUDGET_OPTIONS,
];

/** Values of `COMMON_OPTIONS`. */
export interface CommonOptions extends Budget {
  readonly color?: 'auto' | 'always' | 'never';
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly progress?: string;
}

const JSON_OPTION: OptionSpec = { flags: '--json', help: 'short for --format json' };

/** These options with `--json` behind a `--format` that has it. */
export function withJson(options: readonly OptionSpec[]): readonly OptionSpec[] {
  if (options.some(({ flags }) => flags === JSON_OPTION.flags)) return options;
  return options.flatMap(option => {
    const isFormat = option.flags === '--format <format>' && option.choices?.includes('json') === true;
    return isFormat ? [option, JSON_OPTION] : [option];
  });
}
