import type { OptionSetting } from '@p2mtrace/analyzers';
import { parseDate } from '@p2mtrace/replayer';
import { COMPRESSIONS, DOMID_IDLE, KINDS, type KindName, suggestion } from '@p2mtrace/trace-format';
import { InvalidArgumentError } from 'commander';

/** An option as data, so that it is the same in every command. */
export interface OptionSpec {
  readonly flags: string;
  readonly help: string;
  readonly choices?: readonly string[];
  readonly byDefault?: string;
  readonly required?: boolean;
  /** @throws InvalidArgumentError */
  readonly parse?: (text: string) => unknown;
  /** The same for an option that may be given more than once: its value is a list. */
  readonly collect?: (text: string) => unknown;
}

/** `2500000000`, `2.5G`, `2500M`, `2.5GHz` in Hz. */
export function parseFrequency(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kMG]?)(?:Hz)?$/.exec(text);
  const hz = match === null ? 0 : Number(match[1]) * { '': 1, k: 1e3, M: 1e6, G: 1e9 }[match[2] as 'k']!;
  if (hz <= 0) throw new InvalidArgumentError('Expected a frequency such as 2500000000, 2500M or 2.5G.');
  return Math.round(hz);
}

/** A domain id. */
export function parseDomid(text: string): number {
  const domid = parseSeq(text);
  if (domid > DOMID_IDLE) throw new InvalidArgumentError('Expected a domain id, 0 to 32767.');
  return domid;
}

/** `0,3`: domain ids. */
export function parseDomids(text: string): number[] {
  return text.split(',').map(parseDomid);
}

/** `lookup,put_gfn`: kinds of events. */
export function parseKinds(text: string): KindName[] {
  return text.split(',').map(name => {
    const found = KINDS.find(kind => kind.name === name);
    if (found !== undefined) return found.name;
    const near = suggestion(
      name,
      KINDS.map(kind => kind.name),
    );
    throw new InvalidArgumentError(`${name} is no kind of event${near || ' (docs/format.md lists them)'}.`);
  });
}

/** A whole number from 0 on, decimal or 0x…; may begin with #. */
export function parseSeq(text: string): number {
  const value = /^#?(?:\d+|0x[0-9a-fA-F]+)$/.test(text) ? Number(text.replace('#', '')) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('Expected a whole number from 0 on.');
  return value;
}

/** `0,1`: physical cpus. */
export function parsePcpus(text: string): number[] {
  const pcpus = text.split(',').map(parseSeq);
  if (pcpus.some(pcpu => pcpu > 0xffff)) throw new InvalidArgumentError('Expected pcpus, such as 0,1.');
  return pcpus;
}

/** One physical cpu. */
export function parsePcpu(text: string): number {
  const pcpu = parseSeq(text);
  if (pcpu >= 4096) throw new InvalidArgumentError('Expected a pcpu, 0 to 4095.');
  return pcpu;
}

/** A port to listen on; 0 for any. */
export function parsePort(text: string): number {
  const port = parseSeq(text);
  if (port > 0xffff) throw new InvalidArgumentError('Expected a port, 0 to 65535.');
  return port;
}

/** `90s`, `10m`, `500ms`, `1h`, `30d`, 0: milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (text === '0') return 0;
  if (match === null) throw new InvalidArgumentError('Expected a duration such as 90s, 10m, 500ms or 30d, or 0.');
  return Number(match[1]) * { ms: 1, s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7 }[match[2] as 's']!;
}

/** `2026-11-29T01:00:00Z`: nanoseconds since 1970. */
function parseTime(text: string): bigint {
  const nanoseconds = parseDate(text);
  if (nanoseconds !== undefined) return nanoseconds;
  throw new InvalidArgumentError('Expected a time in ISO 8601 with its zone, such as 2026-11-29T01:00:00Z.');
}

/** A number of events, from 1 on. */
export function parseEvents(text: string): number {
  const events = parseSeq(text);
  if (events === 0) throw new InvalidArgumentError('Expected at least one event.');
  return events;
}

/** A number of threads; DuckDB does not end with tens of thousands. */
export function parseThreads(text: string): number {
  const threads = parseEvents(text);
  if (threads > 256) throw new InvalidArgumentError('Expected at most 256 threads.');
  return threads;
}

/** 0 to 100. */
export function parsePercent(text: string): number {
  const percent = parseSeq(text);
  if (percent > 100) throw new InvalidArgumentError('Expected a percentage, 0 to 100.');
  return percent;
}

/** Bits of a counter, at most as many as a layout can have. */
export function parseWidth(text: string): number {
  const bits = parseSeq(text);
  if (bits < 2 || bits > 58) throw new InvalidArgumentError('Expected a number of bits, 2 to 58.');
  return bits;
}

/** `acme/hot-gfn.writes=50`: an option of a plugin. */
function parsePluginOption(text: string): OptionSetting {
  const [, plugin, key, value] = /^([^.=]+)\.([^.=]+)=(.*)$/s.exec(text) ?? [];
  if (plugin === undefined) throw new InvalidArgumentError('Expected NAME.KEY=VALUE, such as acme/hot-gfn.writes=50.');
  return { plugin, key, value, file: undefined };
}

export const PROGRESS: OptionSpec = {
  flags: '--progress <when>',
  help: 'show progress on a terminal, or never (default: auto)',
  choices: ['auto', 'never'],
};
export const COMPRESS: OptionSpec = {
  flags: '--compress <codec>',
  help: 'compress the trace: lz4 is fast, zstd small',
  choices: [...COMPRESSIONS, 'none'],
};
export const STRICT: OptionSpec = {
  flags: '--strict',
  help: 'exit with 3 if anything of the recording was lost, is unknown or was guessed',
};
export const CPU_HZ: OptionSpec = {
  flags: '--cpu-hz <hz>',
  help: 'TSC frequency, such as 2.5G; needed for seconds',
  parse: parseFrequency,
};
/** Options for positions in time. */
export const CLOCK_OPTIONS: readonly OptionSpec[] = [
  CPU_HZ,
  {
    flags: '--start-time <time>',
    help: 'when the trace begins, such as 2026-11-29T01:00:00Z; needed for positions in time of day',
    parse: parseTime,
  },
];
/** Options for a position in a trace. */
export const REPLAY_OPTIONS: readonly OptionSpec[] = [
  ...CLOCK_OPTIONS,
  {
    flags: '--checkpoint-every <events>',
    help: 'events between two checkpoints in TRACE.p2mi, which a long jump writes (default: 32768)',
    parse: parseEvents,
  },
  { flags: '--no-index', help: 'do not use or write TRACE.p2mi; replay from the start' },
];
export const CONFIG: OptionSpec = {
  flags: '--config <file>',
  help: 'the configuration (default: p2mtrace.config.ts, .mts, .js or .mjs in the current folder)',
};
export const NO_CONFIG: OptionSpec = {
  flags: '--no-config',
  help: 'run no configuration: it is code',
};
/** Options for plugins. */
export const PLUGIN_OPTIONS: readonly OptionSpec[] = [
  { flags: '--plugin <module...>', help: 'more analyzers: files or packages (see docs/plugins.md)' },
  {
    flags: '--plugin-option <name.key=value>',
    help: 'what a plugin is told, such as acme/hot-gfn.writes=50; once for each option',
    collect: parsePluginOption,
  },
  CONFIG,
  NO_CONFIG,
];
/** What captures don't tell, besides the frequency. */
export const CAPTURE_OPTIONS: readonly OptionSpec[] = [
  { flags: '--xen-version <version>', help: 'Xen release of the captures, such as 4.17.7' },
  { flags: '--layout <profile>', help: 'page_info layout of the captures, P0 to P8 (default: by the release)' },
  { flags: '--symbols <file>', help: 'names of call sites: xen-syms, or the output of nm xen-syms' },
];
/** Options for importing captures. */
export const IMPORT_SETTINGS: readonly OptionSpec[] = [...CAPTURE_OPTIONS, CPU_HZ];
export const REPORT_FORMAT = formatOption(['pretty', 'json'], 'pretty');

/** `--format` with these choices. */
export function formatOption(choices: readonly string[], byDefault?: string): OptionSpec {
  const spec = { flags: '--format <format>', help: 'output format', choices };
  return byDefault === undefined ? spec : { ...spec, byDefault };
}
export const TABLE_FORMAT = formatOption(['table', 'json', 'csv', 'ndjson'], 'table');
export const LIMIT: OptionSpec = { flags: '--limit <rows>', help: 'print at most this many rows', parse: parseSeq };
export const FLAT: OptionSpec = {
  flags: '--flat',
  help: 'list findings one by one, without grouping them into incidents',
};
export const ONLY: OptionSpec = {
  flags: '--only <rule...>',
  help: 'only these rules, or all rules of these analyzers (p2mtrace rules lists them)',
};
export const FAIL_ON: OptionSpec = {
  flags: '--fail-on <severity>',
  help: 'lowest severity that makes the exit code 1',
  choices: ['error', 'warning', 'none'],
  byDefault: 'error',
};
