import { InvalidArgumentError } from 'commander';
import { parseSize } from '../budget/budget-options.js';
import type { CommandSpec } from '../command.js';
import {
  CAPTURE_OPTIONS,
  CLOCK_OPTIONS,
  COMPRESS,
  CPU_HZ,
  FAIL_ON,
  formatOption,
  IMPORT_SETTINGS,
  ONLY,
  parseDomids,
  parseEvents,
  parseKinds,
  parsePcpu,
  parsePcpus,
  parsePercent,
  parseSeq,
  parseWidth,
  REPORT_FORMAT,
  STRICT,
  TABLE_FORMAT,
} from '../options.js';
import { DEFAULT_EVENTS, RECORDED_EVENTS } from '../record/events.js';
import { parseWebhook } from '../watch/deliver.js';
import { parseKeep } from '../watch/keep.js';
import { parseAddress } from '../watch/metrics-server.js';
import { POSITIONS, TRACE } from './topics.js';

/** `p2m,refs`: names of RECORDED_EVENTS. */
function parseRecorded(text: string): string[] {
  const names = text.split(',');
  const unknown = names.find(name => !Object.hasOwn(RECORDED_EVENTS, name));
  if (unknown === undefined) return names;
  throw new InvalidArgumentError(`Expected some of ${Object.keys(RECORDED_EVENTS).join(',')}.`);
}

/** Making, cutting, exporting and checking traces. */
export const TRACE_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'import',
    args: [['input', 'xentrace capture, NDJSON, or std (traces of threads), plain or compressed; - for stdin']],
    summary: 'make a trace from a capture or from NDJSON',
    more: `Prints a health report on stderr, unless --quiet. The exit code is 3 if the input was cut or damaged; what could be
read is imported. What --only-domain and --only-kind leave out can't be checked any more: the report says so, and a rule
that needs it is not checked. Lost records are always part of the trace.`,
    options: [
      { flags: '-o, --output <trace>', help: 'the trace to write (.arrow)', required: true },
      { ...formatOption(['xentrace', 'ndjson', 'csv', 'std']), help: 'input format, if the content does not show it' },
      { flags: '--xen-version <version>', help: 'Xen release of the recording, such as 4.17.7' },
      { flags: '--layout <profile>', help: 'page_info layout, P0 to P8 (default: by the release)' },
      { flags: '--symbols <file>', help: 'names of call sites: xen-syms, or the output of nm xen-syms' },
      {
        flags: '--map <file>',
        help: "what other recorders' records, or the columns of a CSV, mean (docs/import.md)",
      },
      CPU_HZ,
      { flags: '--host <name>', help: 'name of the recorded host' },
      {
        flags: '--control-domains <domids>',
        help: 'domains whose mm lock levels are biased (default: 0)',
        parse: parseDomids,
      },
      {
        flags: '--pcpu <number>',
        help: 'pcpu of records that lie in no window: a capture of one pcpu, or without its head',
        parse: parsePcpu,
      },
      {
        flags: '--only-domain <domids>',
        help: 'only events that may concern these domains, such as 1,2',
        parse: parseDomids,
      },
      {
        flags: '--only-kind <kinds>',
        help: 'only these kinds of events, such as set_entry,m2p_set; repeatable',
        collect: parseKinds,
      },
      COMPRESS,
      {
        flags: '--max-bytes <size>',
        help: 'most bytes that a compressed input may contain, 0 for any number (default: 64G, and 200 times its size from 32M on)',
        parse: parseSize,
      },
      { flags: '--json', help: "print the trace's metadata on stdout" },
      STRICT,
    ],
    examples: [
      'p2mtrace import capture.bin -o trace.arrow --xen-version 4.17.7 --cpu-hz 2.5G',
      'xentrace -D -e 0x0014f000 /dev/stdout | p2mtrace import - -o trace.arrow   # Ctrl-C ends the recording',
      'p2mtrace import case.ndjson -o case.arrow',
      'p2mtrace import philosophers.std -o philosophers.arrow',
      'p2mtrace import samples/maps/log.csv --format csv --map samples/maps/own-recorder.json -o log.arrow',
    ],
    load: () => import('../commands/import.js'),
  },
  {
    name: 'record',
    args: [],
    summary: 'record a trace on a live Xen host',
    more: `Starts xentrace with empty buffers and imports what it writes until --seconds have passed, Ctrl-C, or its end. Host, release,
build id, frequency, names of domains and symbols are asked of the host (xl, /sys/hypervisor, /boot) where no option says
them. It needs root in the control domain. What a stock hypervisor records, and what it needs hooks for: docs/record.md.`,
    options: [
      { flags: '-o, --output <trace>', help: 'the trace to write (.arrow)', required: true },
      {
        flags: '--events <names>',
        help: `what to record, such as p2m,refs (default: ${DEFAULT_EVENTS.join(',')}; also sched, hvm)`,
        parse: parseRecorded,
      },
      { flags: '--seconds <number>', help: 'end after that', parse: parseEvents },
      {
        flags: '--buffer <MB>',
        help: "ring of each pcpu; can be set once per boot (default: Xen's)",
        parse: parseEvents,
      },
      { flags: '--xentrace <program>', help: 'the program to start (default: xentrace)' },
      COMPRESS,
      ...IMPORT_SETTINGS,
      { flags: '--host <name>', help: 'name of the recorded host' },
      STRICT,
    ],
    examples: [
      'p2mtrace record -o trace.arrow --seconds 60',
      'p2mtrace record -o trace.arrow --events p2m,refs,locks,sched --buffer 16   # until Ctrl-C',
    ],
    load: () => import('../commands/record.js'),
  },
  {
    name: 'watch',
    args: [['input', 'a stream: - for stdin, a FIFO; or a capture, NDJSON or a trace']],
    summary: 'judge a recording while it is made, for weeks if need be',
    more: `Every rule over what the checks of the replay find is judged as the records come, in memory that follows the live state; a
finding is told when it is proven, once. Circles of locks, and what is open when the stream ends, are told then. The last
part of the stream is kept as pieces, each of which replays by itself; older ones are removed. What is in a baseline or is
suppressed is counted. JSON is a line for each finding, loss and saved trace, and one at the end. docs/record.md has more.
The exit code is 1 if something at or above --fail-on was told.`,
    options: [
      { ...formatOption(['pretty', 'json'], 'pretty'), help: 'how findings are told' },
      {
        flags: '--input <format>',
        help: 'input format, if the content does not show it',
        choices: ['xentrace', 'ndjson', 'csv'],
      },
      {
        flags: '--keep <length>',
        help: 'how much is kept: a time or a size, such as 10min or 4GB (default: 10min)',
        parse: parseKeep,
      },
      { flags: '--pieces <folder>', help: 'where the pieces are kept (default: recent in the folder of --on-finding)' },
      {
        flags: '--on-finding <folder>',
        help: 'save each finding, with the pieces that hold its witnesses as a trace, in a folder of its own in this one',
      },
      { flags: '--run <command>', help: 'run it in a shell for each finding, which it gets as JSON on stdin' },
      { flags: '--webhook <url>', help: 'post each finding as JSON to a server on this machine', parse: parseWebhook },
      { flags: '--metrics <host:port>', help: 'serve OpenMetrics at /metrics there', parse: parseAddress },
      { flags: '--baseline <file>', help: 'known findings, as p2mtrace audit --update-baseline writes them' },
      { flags: '--suppressions <file>', help: 'suppressed findings, as p2mtrace suppress writes them' },
      ONLY,
      {
        flags: '--policy <rule...>',
        help: 'also run these rules, which stand for a policy and run only if they are named',
      },
      {
        flags: '--counter-width <bits>',
        help: 'judge reference counts by counters of this many bits',
        parse: parseWidth,
      },
      FAIL_ON,
      { ...COMPRESS, help: 'compress the pieces: lz4 is fast, zstd small, none for neither (default: zstd)' },
      { flags: '--map <file>', help: "what other recorders' records, or the columns of a CSV, mean (docs/import.md)" },
      ...IMPORT_SETTINGS,
      { flags: '--host <name>', help: 'name of the recorded host' },
      {
        flags: '--control-domains <domids>',
        help: 'domains whose mm lock levels are biased (default: 0)',
        parse: parseDomids,
      },
    ],
    examples: [
      'xentrace -D -e 0x0014f000 -S 2048 /dev/stdout | p2mtrace watch - --xen-version 4.20.0 --on-finding findings',
      'p2mtrace watch capture.bin --format json',
    ],
    load: () => import('../commands/watch.js'),
  },
  {
    name: 'generate',
    args: [],
    summary: 'make a trace of a workload that is correct by construction, with faults if asked for',
    more: `Memory of several guests is populated, ballooned, shared, paged out and looked up by several pcpus, under Xen's own rules.
Some records are written later than they happened, so that counts and lookups contradict the recorded order now and then.
A fault is mixed in, on pcpus and domains of its own; stdout has a line for each, with its rule, first and last event.
The same options give the same events.`,
    options: [
      { flags: '-o, --output <trace>', help: 'the trace to write (.arrow)', required: true },
      {
        flags: '--scenario <name>',
        help: 'what the guests do',
        choices: ['mixed', 'balloon', 'pod', 'lookups', 'sharing', 'shadow', 'paging'],
        byDefault: 'mixed',
      },
      { flags: '--events <count>', help: 'at least this many events', parse: parseEvents, byDefault: '100000' },
      { flags: '--seed <number>', help: 'seed of the workload', parse: parseSeq, byDefault: '1' },
      { flags: '--fault <rule...>', help: 'rules that should fire, or all; repeatable' },
      { flags: '--guests <count>', help: 'number of domains', parse: parseEvents, byDefault: '3' },
      { flags: '--pcpus <count>', help: 'number of pcpus', parse: parseEvents, byDefault: '4' },
      {
        flags: '--late <percent>',
        help: 'records that are written late, 0 to 100',
        parse: parsePercent,
        byDefault: '5',
      },
      { flags: '--skew <ticks>', help: "most that the pcpus' clocks are wrong", parse: parseSeq, byDefault: '0' },
    ],
    examples: [
      'p2mtrace generate -o load.arrow --events 1000000',
      'p2mtrace generate -o faults.arrow --seed 7 --fault refcount.leak lock-order.level',
    ],
    load: () => import('../commands/generate.js'),
  },
  {
    name: 'export',
    args: [TRACE],
    summary:
      'convert a trace to NDJSON, text, CSV, Arrow, Parquet, DuckDB, std, a timeline for Perfetto, or a lock graph',
    more: `ndjson, csv, arrow and parquet have the events; text is a line for each, to read and to grep: seq, seconds, pcpu, vcpu,
kind, fields, call site. duckdb also has all facts and names. perfetto (JSON)
and pftrace (protobuf, for large traces) are a timeline for Perfetto's UI: locks, lookups and events per pcpu, with an arrow from
a release to who waited for it, who ran where, changes of mappings and frames per domain, references, findings. Without the TSC
frequency it shows a tick as a nanosecond. std has only locks and accesses (T1|acq(L34)|120), for other tools that predict
deadlocks and races. dot (for Graphviz) and svg are the order in which classes of locks are taken, with what is wrong with it.

${POSITIONS}`,
    options: [
      formatOption(
        ['ndjson', 'text', 'csv', 'arrow', 'parquet', 'duckdb', 'perfetto', 'pftrace', 'std', 'dot', 'svg'],
        'ndjson',
      ),
      { flags: '-o, --output <file>', help: 'file to write (default: stdout, for text)' },
      { flags: '--from <position>', help: 'first event' },
      { flags: '--to <position>', help: 'last event' },
      { ...COMPRESS, help: 'compress a trace (arrow): lz4 is fast, zstd small, none for neither' },
      ...CAPTURE_OPTIONS,
      ...CLOCK_OPTIONS,
      STRICT,
    ],
    examples: [
      'p2mtrace export trace.arrow | head',
      'p2mtrace export trace.arrow --from 1000 --to 1999 -o part.ndjson',
      'p2mtrace export trace.arrow --format text | grep gfn=0x8e07',
      'p2mtrace export trace.arrow --format std -o trace.std',
      'p2mtrace export trace.arrow --format perfetto --cpu-hz 2.5G -o trace.json',
      'p2mtrace export trace.arrow --format pftrace -o trace.pftrace',
      'p2mtrace export trace.arrow --format svg -o lock-order.svg',
    ],
    load: () => import('../commands/export.js'),
  },
  {
    name: 'trim',
    args: [TRACE],
    summary: 'cut a piece out of a trace that replays by itself to the same state',
    more: `The piece begins with snapshots of all that is known there. It includes the events that --from and --to name. What a piece
of a domain or pcpu can and cannot show: docs/pieces.md.

${POSITIONS}`,
    options: [
      { flags: '-o, --output <trace>', help: 'the piece to write (.arrow)', required: true },
      { flags: '--from <position>', help: 'where it begins', byDefault: 'start' },
      { flags: '--to <position>', help: 'where it ends', byDefault: 'end' },
      {
        flags: '--domain <domids>',
        help: 'only events that may concern these domains, such as 1,2',
        parse: parseDomids,
      },
      { flags: '--pcpu <pcpus>', help: 'only events of these pcpus, such as 0,1', parse: parsePcpus },
      TABLE_FORMAT,
      ...CAPTURE_OPTIONS,
      ...CLOCK_OPTIONS,
      STRICT,
    ],
    examples: [
      "p2mtrace trim trace.arrow --from '#97000' --to '#97410' -o small.arrow",
      'p2mtrace trim trace.arrow --from +1.5s --to +1.6s -o piece.arrow',
      'p2mtrace trim trace.arrow --domain 1 -o domain-1.arrow',
    ],
    load: () => import('../commands/trim.js'),
  },
  {
    name: 'split',
    args: [TRACE],
    summary: 'cut a trace into pieces, each of which replays by itself to the same state',
    more: `{n} in the name of the output is the number of the piece, from 1, or the domid or pcpu. Either all pieces are written or
none. With --every and --into each event is in one piece; with --by a piece has what trim --domain or --pcpu has.`,
    options: [
      { flags: '-o, --output <pattern>', help: 'the pieces to write, such as piece-{n}.arrow', required: true },
      { flags: '--every <length>', help: 'length of a piece: a number of events, or a time (s, ms, us, ns)' },
      { flags: '--into <pieces>', help: 'number of pieces, of equal size', parse: parseEvents },
      { flags: '--by <what>', help: 'a piece for each domain or pcpu', choices: ['domain', 'pcpu'] },
      TABLE_FORMAT,
      ...IMPORT_SETTINGS,
      STRICT,
    ],
    examples: [
      "p2mtrace split trace.arrow --every 100ms -o 'piece-{n}.arrow'",
      "p2mtrace split trace.arrow --every 25000 -o 'piece-{n}.arrow'",
      "p2mtrace split trace.arrow --by domain -o 'domain-{n}.arrow'",
    ],
    load: () => import('../commands/split.js'),
  },
  {
    name: 'info',
    args: [TRACE],
    summary: 'show what is in a trace and how it was imported',
    options: [
      { flags: '--fit', help: 'replay it, and say where the model does not fit' },
      REPORT_FORMAT,
      ...IMPORT_SETTINGS,
      STRICT,
    ],
    examples: [
      'p2mtrace info trace.arrow',
      'p2mtrace info trace.arrow --fit',
      'p2mtrace info trace.arrow --format json',
    ],
    load: () => import('../commands/info.js'),
  },
  {
    name: 'validate',
    args: [['trace', 'a trace made by p2mtrace import']],
    summary: 'check every byte of a trace against its checksums',
    more: 'The exit code is 3 if the trace is damaged or cut.',
    options: [REPORT_FORMAT, STRICT],
    examples: ['p2mtrace validate trace.arrow'],
    load: () => import('../commands/validate.js'),
  },
  {
    name: 'symbolize',
    args: [TRACE, ['symbols', 'xen-syms as the build left it, or the output of nm']],
    summary: 'name the call sites of a trace later, with lines of source',
    more: `The new trace has the same events; its call sites have the names of the functions in that file, and, if that is an ELF file
with debug information, the lines that they return to, which explain --format mail and the table callers show. nm and addr2line,
of binutils, read an ELF file. A file of another build than the trace says is refused.`,
    options: [
      { flags: '-o, --output <trace>', help: 'the trace to write (.arrow)', required: true },
      ...CAPTURE_OPTIONS,
      STRICT,
    ],
    examples: ['p2mtrace symbolize trace.arrow xen-syms -o named.arrow'],
    load: () => import('../commands/symbolize.js'),
  },
  {
    name: 'repair',
    args: [['trace', 'a trace that was cut or damaged']],
    summary: 'make a whole trace of what is whole in a damaged one',
    more: `Every column of every batch is compared with its checksum; the new trace has all events before the first damage, and says
so in its metadata. What is gone is told on stderr, with exit code 3.`,
    options: [{ flags: '-o, --output <trace>', help: 'the trace to write (.arrow)', required: true }],
    examples: ['p2mtrace repair cut.arrow -o whole.arrow'],
    load: () => import('../commands/repair.js'),
  },
];
