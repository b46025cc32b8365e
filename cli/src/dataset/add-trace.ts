import { join } from 'node:path';
import type { FactStore } from '@p2mtrace/replayer';
import { TraceReader } from '@p2mtrace/trace-format';
import { version } from '../version.js';
import { combined } from './combine.js';
import type { Change, Dataset, PlacedEntry } from './dataset.js';
import { tableFile } from './dataset-folder.js';
import { type Judgement, judgementRows, type MetricKinds } from './judgement-rows.js';
import { hash, hostName, partitionPath, traceName } from './names.js';
import type { Entry } from './part.js';
import { SHAPE, writeTrace } from './write-trace.js';

/** A trace by what its rows depend on. */
export interface TraceIdentity {
  /** SHA-256 of the file. */
  readonly content: string;
  /** The same with the settings and the version of p2mtrace. */
  readonly key: string;
  /** The host, where that is not to be what the trace says. */
  readonly host: string | undefined;
}

/** A trace that was judged. */
export interface JudgedTrace extends TraceIdentity {
  /** The trace to open. */
  readonly trace: string;
  /** When the file that was judged was written, ms since 1970. */
  readonly written: number;
  readonly judgement: Judgement;
  /** All of its facts, if the judgement made them. */
  readonly facts?: FactStore | undefined;
}

/** Whether one of the entries that have the content has it as it would be written now. */
export function isCurrent(
  dataset: Dataset,
  { content, key, host }: TraceIdentity,
  have: readonly PlacedEntry[],
): boolean {
  if (have.length !== 1) return false;
  const [placed] = have;
  const isSame = placed.entry.traces.some(trace => trace.content === content && trace.key === key);
  return isSame && (host === undefined || placed.host === hostName(host)) && dataset.isWhole(placed);
}

/**
 * Adds a trace, and takes out what was there of the same content. Does nothing if it is there.
 * @throws P2mError P2M_WRITE, P2M_DATASET (usage), P2M_DATASET_SCHEMA, P2M_DATASET_DAMAGED; P2M_DAMAGED for the trace
 */
export async function addTrace(dataset: Dataset, judged: JudgedTrace, kinds: MetricKinds): Promise<void> {
  const { content, key, written, judgement } = judged;
  const have = () => dataset.byContent().get(content) ?? [];
  if (isCurrent(dataset, judged, have())) return;
  const trace = traceName(judgement.path, content);
  const reader = TraceReader.open(judged.trace);
  const staging = dataset.folder.staging();
  try {
    const { host: recorded, xenVersion = null, buildId } = reader.metadata;
    const host = hostName(judged.host ?? recorded);
    const partition = partitionPath({ night: new Date(written).toISOString().slice(0, 10), host });
    const rows = judgementRows({ judgement, content, written, tool: version(), buildId }, kinds);
    const tables = await writeTrace(reader, rows, { trace, host, xenVersion }, staging.path, judged.facts);
    const file = `${trace}.${hash(key, 8)}`;
    const entry: Entry = { file, shape: SHAPE, tables, traces: [{ trace, content, key }] };
    const added = Object.keys(tables).map(table => ({
      from: join(staging.path, `${table}.parquet`),
      to: tableFile(table, partition, file),
    }));
    await dataset.change(async () => {
      const old = have();
      // Another audit was faster.
      if (isCurrent(dataset, judged, old)) return undefined;
      const change = await withoutContent(dataset, old, content, staging.path);
      const others = change.parts.get(partition) ?? dataset.entriesOf(partition).map(placed => placed.entry);
      // Last: a kill between two partitions leaves a trace out, which the next audit adds, and not twice.
      change.parts.delete(partition);
      change.parts.set(partition, [...others, entry]);
      return { parts: change.parts, added: [...change.added, ...added] };
    });
  } finally {
    reader.close();
    staging.remove();
  }
}

/** The partitions that have a content, without it. */
async function withoutContent(dataset: Dataset, old: readonly PlacedEntry[], content: string, folder: string) {
  const parts = new Map<string, readonly Entry[]>();
  const added: Change['added'][number][] = [];
  for (const placed of old) {
    const { partition, entry } = placed;
    const entries = parts.get(partition) ?? dataset.entriesOf(partition).map(one => one.entry);
    const rest = await combined(dataset, [placed], new Set([content]), folder);
    parts.set(partition, [
      ...entries.filter(one => one.file !== entry.file),
      ...(rest === undefined ? [] : [rest.entry]),
    ]);
    if (rest !== undefined) added.push(...rest.files);
  }
  return { parts, added };
}
