import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOMID_FIRST_RESERVED, suggestion, usageError } from '@p2mtrace/trace-format';
import { packageFolder } from '../package-folder.js';
import type { EventLine, Thread } from './event-line.js';

/** The corpus of rules: for each rule, traces in which it fires. */
const CORPUS = join(packageFolder(), '../../samples/corpus/rules');
/** Columns with domids; domids with a special meaning (docs/xen.md#domids) are not renumbered. */
const DOMIDS = ['domid', 'owner', 'old_owner', 'cur_domid'] as const;
const MFNS = ['mfn', 'old_mfn'] as const;

/** A short story of the corpus, to be retold with other frames, domains, pcpus and locks. */
export interface Template {
  readonly rule: string;
  /** Its folder in the corpus. */
  readonly name: string;
  readonly events: readonly EventLine[];
  /** True if the story depends on how long things take: nothing else may hold a lock meanwhile. */
  readonly isTimed: boolean;
  readonly pcpus: number;
}

/** Layout of the workload's page_info. */
const LAYOUT = 'P6';

/** Stories of traces that record no locks. In a trace that does, a pcpu without a lock holds no range either. */
const WITHOUT_LOCKS: readonly string[] = ['gfn-range.overlap'];

/** Stories that are right on the workload's release, whose allocator flushes before it gives a page away. */
const OF_OTHER_RELEASES: readonly string[] = ['use-after-unmap.freed-before-flush'];

/** By the rule that fires in them; undefined until they are read. */
let stories: ReadonlyMap<string, readonly Template[]> | undefined;

/** Stories by the rule that fires in them. @throws P2mError P2M_FAULT (usage) if there is no corpus */
function storiesByRule(): ReadonlyMap<string, readonly Template[]> {
  stories ??= readStories();
  return stories;
}

function readStories(): ReadonlyMap<string, readonly Template[]> {
  if (!existsSync(CORPUS)) throw usageError('P2M_FAULT', 'the corpus is not there', 'faults need samples/corpus');
  const read = new Map<string, Template[]>();
  for (const name of readdirSync(CORPUS).sort()) {
    if (WITHOUT_LOCKS.includes(name) || OF_OTHER_RELEASES.includes(name)) continue;
    const { findings } = JSON.parse(readFileSync(join(CORPUS, name, 'expect.json'), 'utf8'));
    const lines = linesOf(name);
    // A loss would make everything else in the trace unknown too, and a trace has only one page_info layout.
    if (lines.some(({ kind, layout }) => kind === 'lost' || (layout !== undefined && layout !== LAYOUT))) continue;
    for (const rule of new Set(findings.map((finding: { rule: string }) => finding.rule)) as Set<string>) {
      read.set(rule, [...(read.get(rule) ?? []), templateOf(rule, name, lines)]);
    }
  }
  return read;
}

/** The rules that can be made to fire. @throws P2mError P2M_FAULT (usage) */
export function faultRules(): string[] {
  return [...storiesByRule().keys()].sort();
}

/** All stories of the corpus in which a rule fires. @throws P2mError P2M_FAULT (usage) */
export function templatesOf(rule: string): readonly Template[] {
  const found = storiesByRule().get(rule);
  if (found !== undefined) return found;
  throw usageError(
    'P2M_FAULT',
    `there is no fault ${rule}${suggestion(rule, faultRules())}`,
    `one of ${faultRules().join(', ')}`,
  );
}

function templateOf(rule: string, name: string, lines: readonly EventLine[]): Template {
  const events = lines.filter(({ kind }) => kind !== undefined);
  const isTimed = events.some(({ tsc }) => tsc !== undefined);
  return { rule, name, events, isTimed, pcpus: new Set(events.map(({ pcpu }) => pcpu ?? 0)).size };
}

function linesOf(name: string): EventLine[] {
  const lines = readFileSync(join(CORPUS, name, 'trace.ndjson'), 'utf8').split('\n');
  return lines.filter(line => line.trimStart().startsWith('{')).map(line => JSON.parse(line) as EventLine);
}

/** Numbers that nothing else in the trace uses. */
export interface Places {
  readonly pcpu: number;
  readonly domid: number;
  readonly mfn: number;
  /** Offset for addresses of locks. */
  readonly lock: number;
}

/** Tells the story with its own numbers; domids and frames keep their order, frames their alignment. */
export function* tell({ events }: Template, places: Places): Thread {
  const pcpus = renumber(
    events.map(({ pcpu }) => Number(pcpu ?? 0)),
    places.pcpu,
  );
  const domids = renumber(
    events.flatMap(event => DOMIDS.map(name => event[name]).filter(isNumber)),
    places.domid,
  );
  for (const event of events) {
    const told: Record<string, unknown> = { ...event, pcpu: pcpus.get(Number(event.pcpu ?? 0)) };
    for (const name of DOMIDS) {
      const domid = event[name];
      if (isNumber(domid) && domid < DOMID_FIRST_RESERVED) told[name] = domids.get(domid);
    }
    for (const name of MFNS) {
      if (typeof event[name] === 'string') told[name] = `0x${(BigInt(event[name]) + BigInt(places.mfn)).toString(16)}`;
    }
    if (typeof event.lock === 'string') told.lock = `0x${(BigInt(event.lock) + BigInt(places.lock)).toString(16)}`;
    yield told;
  }
}

const isNumber = (value: unknown): value is number => typeof value === 'number';

/** Maps the numbers to consecutive ones from `first` on, in their order. */
function renumber(numbers: readonly number[], first: number): ReadonlyMap<number, number> {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  return new Map(sorted.map((number, i) => [number, first + i]));
}
