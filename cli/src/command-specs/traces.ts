import type { CommandSpec } from '../command.js';
import {
  CPU_HZ,
  formatOption,
  PROGRESS,
  parseDomids,
  parseEvents,
  parsePcpus,
  parseSeq,
  REPORT_FORMAT,
  TABLE_FORMAT,
} from '../options.js';
import { POSITIONS, TRACE } from './topics.js';

/** Traces are made, cut, written in another form, and checked. */
export const TRACE_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'import',
    args: [['input', 'xentrace capture or NDJSON, either of them gzipped or not; - for stdin']],
    summary: 'make a trace from a capture or from NDJSON',
    more: 'Ends with a health report on stderr. Exit code 3 where the input was cut or damaged: what is whole was imported.',
    options: [
      { flags: '-o, --output <trace>', help: 'the trace to write (.arrow)', required: true },
      { ...formatOption(['xentrace', 'ndjson']), help: 'form of the input, where its content does not tell' },
      { flags: '--xen-version <version>', help: 'release that was recorded, such as 4.17.7' },
      { flags: '--layout <profile>', help: 'page_info layout P0…P8; follows from the release otherwise' },
      { flags: '--symbols <file>', help: 'names of call sites (output of nm xen-syms)' },
      CPU_HZ,
      { flags: '--host <name>', help: 'where it was recorded' },
      {
        flags: '--control-domains <domids>',
        help: 'domains whose mm locks are biased (default: 0)',
        parse: parseDomids,
      },
      { flags: '--json', help: "print the trace's metadata on stdout" },
      PROGRESS,
      { flags: '-q, --quiet', help: 'no health report; problems are told all the same' },
    ],
    examples: [
      'p2mtrace import capture.bin -o trace.arrow --xen-version 4.17.7 --cpu-hz 2.5G',
      'xentrace -D -e 0x0010f000 - | p2mtrace import - -o trace.arrow   (Ctrl-C ends the recording)',
      'p2mtrace import case.ndjson -o case.arrow',
    ],
    load: () => import('../commands/import.js'),
  },
  {
    name: 'generate',
    args: [],
    summary: 'make a trace of a workload that is right by construction, with faults where they are asked for',
    more: `Guests whose memory is populated, ballooned and looked up by several pcpus, under Xen's own rules. A fault is told by
pcpus and domains of its own, in the midst of the rest; each is a line on stdout: its rule, first and last event.
The same options give the same events.`,
    options: [
      { flags: '-o, --output <trace>', help: 'the trace to write (.arrow)', required: true },
      {
        flags: '--scenario <name>',
        help: 'what the guests do',
        choices: ['mixed', 'balloon', 'pod', 'lookups'],
        byDefault: 'mixed',
      },
      { flags: '--events <count>', help: 'at least so many events', parse: parseEvents, byDefault: '100000' },
      { flags: '--seed <number>', help: 'another number gives another workload', parse: parseSeq, byDefault: '1' },
      { flags: '--fault <rule...>', help: 'rules that are to fire, or all; repeatable' },
      { flags: '--guests <count>', help: 'domains', parse: parseEvents, byDefault: '3' },
      { flags: '--pcpus <count>', help: 'pcpus', parse: parseEvents, byDefault: '4' },
    ],
    examples: [
      'p2mtrace generate -o load.arrow --events 1000000',
      'p2mtrace generate -o leak.arrow --seed 7 --fault refcount.leak lock-order.level',
    ],
    load: () => import('../commands/generate.js'),
  },
  {
    name: 'export',
    args: [TRACE],
    summary: 'write a trace in another form: NDJSON, CSV, Arrow, Parquet, DuckDB, or a timeline for Perfetto',
    more: `ndjson, csv, arrow and parquet have the events, duckdb also all facts and names. perfetto is a timeline that Perfetto's
UI opens: locks and lookups per pcpu, who ran where, changes of mappings per domain, findings as instants.`,
    options: [
      formatOption(['ndjson', 'csv', 'arrow', 'parquet', 'duckdb', 'perfetto'], 'ndjson'),
      { flags: '-o, --output <file>', help: 'file to write (default: stdout, for text)' },
      { flags: '--from <seq>', help: 'first event', parse: parseSeq },
      { flags: '--to <seq>', help: 'last event', parse: parseSeq },
      { ...CPU_HZ, help: 'how fast the TSC runs, for a timeline; without it a tick is a nanosecond there' },
    ],
    examples: [
      'p2mtrace export trace.arrow | head',
      'p2mtrace export trace.arrow --from 1000 --to 1999 -o part.ndjson',
      'p2mtrace export trace.arrow --format perfetto --cpu-hz 2.5G -o trace.json',
    ],
    load: () => import('../commands/export.js'),
  },
  {
    name: 'trim',
    args: [TRACE],
    summary: 'cut a piece out of a trace, which replays by itself to the same state',
    more: `The piece begins with snapshots of all that is known where it begins. An event that --from or --to names is part of
it. Of what is left out by --domain and --pcpu, it can't tell: docs/pieces.md.

${POSITIONS}`,
    options: [
      { flags: '-o, --output <trace>', help: 'the piece to write (.arrow)', required: true },
      { flags: '--from <position>', help: 'where it begins', byDefault: 'start' },
      { flags: '--to <position>', help: 'where it ends', byDefault: 'end' },
      { flags: '--domain <domids>', help: 'only what may concern these domains, such as 1,2', parse: parseDomids },
      { flags: '--pcpu <pcpus>', help: 'only what these pcpus recorded, such as 0,1', parse: parsePcpus },
      TABLE_FORMAT,
      CPU_HZ,
      PROGRESS,
    ],
    examples: [
      "p2mtrace trim trace.arrow --from '#897000' --to '#897410' -o small.arrow",
      'p2mtrace trim trace.arrow --from +1.5s --to +1.6s -o piece.arrow',
      'p2mtrace trim trace.arrow --domain 2 -o domain-2.arrow',
    ],
    load: () => import('../commands/trim.js'),
  },
  {
    name: 'split',
    args: [TRACE],
    summary: 'cut a trace into pieces, each of which replays by itself to the same state',
    more: `{n} in the name of the output is the number of the piece, from 1 on, or the domid or pcpu. All pieces are written, or
none. Pieces in a row have every event once. One of --by has what trim with --domain or --pcpu would have.`,
    options: [
      { flags: '-o, --output <pattern>', help: 'the pieces to write, such as piece-{n}.arrow', required: true },
      { flags: '--every <length>', help: 'pieces of that many events, or of that long (s, ms, us, ns)' },
      { flags: '--into <pieces>', help: 'that many pieces, of as many events each', parse: parseEvents },
      { flags: '--by <what>', help: 'a piece for each domain or pcpu', choices: ['domain', 'pcpu'] },
      TABLE_FORMAT,
      CPU_HZ,
      PROGRESS,
    ],
    examples: [
      "p2mtrace split trace.arrow --every 100ms -o 'piece-{n}.arrow'",
      "p2mtrace split trace.arrow --every 250000 -o 'piece-{n}.arrow'",
      "p2mtrace split trace.arrow --by domain -o 'domain-{n}.arrow'",
    ],
    load: () => import('../commands/split.js'),
  },
  {
    name: 'info',
    args: [TRACE],
    summary: 'tell what a trace holds and how it was imported',
    options: [{ flags: '--fit', help: 'replay it, and tell what of it the model does not fit' }, REPORT_FORMAT],
    examples: [
      'p2mtrace info trace.arrow',
      'p2mtrace info trace.arrow --fit',
      'p2mtrace info trace.arrow --format json',
    ],
    load: () => import('../commands/info.js'),
  },
  {
    name: 'validate',
    args: [TRACE],
    summary: 'check every byte of a trace against its checksums',
    more: 'Exit code 3 where the trace is not whole.',
    options: [REPORT_FORMAT],
    examples: ['p2mtrace validate trace.arrow'],
    load: () => import('../commands/validate.js'),
  },
];
