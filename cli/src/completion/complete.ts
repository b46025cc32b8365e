import type { CommandSpec } from '../command.js';
import { COMMANDS } from '../commands.js';
import { COMMON_OPTIONS } from '../common-options.js';
import type { OptionSpec } from '../options.js';
import { candidatesFor } from './placeholders.js';

/** What could stand in place of the last word. */
export interface Completions {
  readonly words: readonly { readonly word: string; readonly help: string }[];
  /** True if a file may stand there. */
  readonly files: boolean;
}

/** An option as it is written. */
interface Written {
  readonly spec: OptionSpec;
  /** `--output` and `-o`. */
  readonly names: readonly string[];
  /** Name of its value; undefined if it has none. */
  readonly value: string | undefined;
  readonly isVariadic: boolean;
}

const NOTHING: Completions = { words: [], files: false };
const HELP: OptionSpec = { flags: '-h, --help', help: 'display help for command' };
const VERSION: OptionSpec = { flags: '-V, --version', help: 'print the version' };

/** Completes the last of the words that follow `p2mtrace` on a command line. */
export async function complete(words: readonly string[]): Promise<Completions> {
  const last = words.at(-1) ?? '';
  const general = [...COMMON_OPTIONS, HELP].map(written);
  const read = readWords(words.slice(0, -1), general);
  const command = commandOf(read.places);
  if (command === undefined) {
    if (read.open !== undefined) return valuesOf('', read.open);
    if (read.places.length > 0) return NOTHING;
    if (last.startsWith('-')) return optionsIn([...general, written(VERSION)], []);
    return { words: commandsBelow(''), files: false };
  }
  const options = [...command.options, ...COMMON_OPTIONS, HELP].map(written);
  const { places, open, used, ended } = readWords(words.slice(0, -1), options);
  const [, named] = /^(--[\w-]+)=/.exec(last) ?? [];
  const given = named === undefined ? open : options.find(({ names }) => names.includes(named));
  if (named !== undefined && given === undefined) return NOTHING;
  if (last.startsWith('-') && named === undefined && !ended) return optionsIn(options, used);
  if (given !== undefined && !ended) return valuesOf(command.name, given);
  const depth = command.name.split(' ').length;
  const { words: found, files } = await placeIn(command, places.length - depth);
  // In the first place, a command of two words may go on.
  return { words: places.length === depth ? [...commandsBelow(`${command.name} `), ...found] : found, files };
}

/** The command that words begin with, which may be one of two words. */
function commandOf([first = '', second = '']: readonly string[]): CommandSpec | undefined {
  return COMMANDS.find(({ name }) => name === `${first} ${second}`) ?? COMMANDS.find(({ name }) => name === first);
}

/** The words that can follow. */
const commandsBelow = (start: string) =>
  COMMANDS.filter(({ name }) => name.startsWith(start) && !name.slice(start.length).includes(' ')).map(
    ({ name, summary }) => ({ word: name.slice(start.length), help: summary }),
  );

/** Words that are no options or values, the option whose value comes next, and the options that were there. */
function readWords(words: readonly string[], options: readonly Written[]) {
  const places: string[] = [];
  const used: Written[] = [];
  let open: Written | undefined;
  let ended = false;
  for (const word of words) {
    if (ended || (!word.startsWith('-') && open === undefined) || word === '-') places.push(word);
    else if (word === '--') ended = true;
    else if (word.startsWith('-')) {
      const option = options.find(({ names }) => names.includes(word.replace(/=.*$/s, '')));
      if (option !== undefined) used.push(option);
      open = word.includes('=') || option?.value === undefined ? undefined : option;
    } else if (open?.isVariadic !== true) open = undefined;
  }
  return { places, used, open, ended };
}

function written(spec: OptionSpec): Written {
  const [, value, dots] = /<([^>]*?)(\.\.\.)?>/.exec(spec.flags) ?? [];
  return { spec, names: spec.flags.match(/(?<!\S)-[\w-]+/g) ?? [], value, isVariadic: dots !== undefined };
}

/** Options that are not there yet, or may be there again. */
function optionsIn(options: readonly Written[], used: readonly Written[]): Completions {
  const left = options.filter(({ spec }) => spec.collect !== undefined || !used.some(one => one.spec === spec));
  return { words: left.map(({ names, spec }) => ({ word: names.at(-1) ?? '', help: spec.help })), files: false };
}

async function valuesOf(command: string, { spec, value }: Written): Promise<Completions> {
  if (spec.choices !== undefined) return { words: spec.choices.map(word => ({ word, help: '' })), files: false };
  return value === undefined ? NOTHING : placeNamed(command, value);
}

function placeIn({ name, args, optionalArgs = [] }: CommandSpec, index: number): Promise<Completions> | Completions {
  const places = [...args, ...optionalArgs].map(([place]) => place);
  const last = places.at(-1);
  const place = places[index] ?? (last?.endsWith('...') === true ? last : undefined);
  return place === undefined ? NOTHING : placeNamed(name, place);
}

async function placeNamed(command: string, name: string): Promise<Completions> {
  const { words, files } = await candidatesFor(command, name.replace('...', ''));
  return { words: words.map(word => ({ word, help: '' })), files };
}
