import { P2mError } from '@p2mtrace/trace-format/errors';
import { contentsOf } from '../audit/run-audit.js';
import type { TraceResult } from '../audit/trace-result.js';
import { counted } from '../render/cell.js';
import type { AuditedTraces } from './conclude-audit.js';
import { readShard, type ShardContents } from './shard-file.js';

/** A shard and the file that has it. */
interface NamedShard extends ShardContents {
  readonly file: string;
}

const MORE = 'have it made again with the options and inputs of the others';

/**
 * Puts the shards of one audit together: what an audit on one machine has after it judged all traces.
 * @throws P2mError P2M_OPEN; P2M_SHARD_DAMAGED; P2M_SHARD for a shard that is missing, there twice, or of another audit
 */
export function mergeShards(files: readonly string[]): AuditedTraces {
  const shards = files.map(file => ({ ...readShard(file), file }));
  const first = mostLike(shards);
  for (const shard of shards) checkSame(first, shard);
  checkAllThere(shards);
  const results = new Map<string, TraceResult>();
  for (const { results: own } of shards) for (const result of own) results.set(result.path, result);
  checkResults(first, results);
  const newest = shards.flatMap(shard => shard.newest ?? []);
  return {
    results: [...results.keys()].sort().map(path => results.get(path)!),
    contents: contentsOf(first.files),
    passedOver: passedOverByAll(shards),
    newest: newest.length === 0 ? undefined : new Date(newest.reduce((a, b) => Math.max(a, b))),
    config: first.config,
    plugins: first.plugins,
  };
}

/**
 * What no machine took for a trace. What only some found is left out: state folders and shards, which the machines
 * themselves make meanwhile, possibly in the folder that is looked through.
 */
function passedOverByAll(shards: readonly NamedShard[]): ShardContents['passedOver'] {
  const [first, ...others] = shards.map(({ passedOver }) => passedOver);
  const whys = others.map(passedOver => new Map(passedOver.map(({ path, why }) => [path, why])));
  return first.filter(({ path, why }) => whys.every(all => all.get(path) === why));
}

/** The first of the largest group that is of one audit: what differs from it is to blame. */
function mostLike(shards: readonly NamedShard[]): NamedShard {
  const groups = new Map<string, NamedShard[]>();
  for (const shard of shards) {
    const { salt, config, plugins, files, unreadable } = shard;
    const key = JSON.stringify([shard.shard.count, salt, config, plugins, files, unreadable]);
    groups.set(key, [...(groups.get(key) ?? []), shard]);
  }
  return [...groups.values()].reduce((a, b) => (b.length > a.length ? b : a))[0];
}

/** @throws P2mError P2M_SHARD if it is not of the same audit */
function checkSame(first: NamedShard, shard: NamedShard): void {
  const foreign = (how: string) =>
    new P2mError('P2M_SHARD', `it is not of the audit of ${first.file}: ${how}`, {
      place: { file: shard.file },
      remedy: MORE,
    });
  const { count } = shard.shard;
  if (count !== first.shard.count) throw foreign(`it is one of ${count} shards, not of ${first.shard.count}`);
  const names = ({ config, plugins }: ShardContents) => JSON.stringify([config, plugins]);
  if (shard.salt !== first.salt || names(shard) !== names(first)) {
    throw foreign('its options, plugins, configuration or symbols were others');
  }
  const other = otherInput(first, shard);
  if (other !== undefined) throw foreign(`its inputs were others: ${other}`);
}

/** In what the inputs of two shards differ. */
function otherInput(first: ShardContents, shard: ShardContents): string | undefined {
  const before = inputsOf(first);
  const now = inputsOf(shard);
  for (const [path, what] of now) {
    const other = before.get(path);
    if (other === undefined) return `it has ${path} as well`;
    if (other !== what) return `${path} was another file`;
  }
  for (const path of before.keys()) if (!now.has(path)) return `it lacks ${path}`;
  return undefined;
}

/** What is judged or can't be read, by path. */
function inputsOf({ files, unreadable }: ShardContents): ReadonlyMap<string, string> {
  return new Map([
    ...files.map(({ path, hash }) => [path, hash ?? 'not read'] as const),
    ...unreadable.map(({ path, message }) => [path, message] as const),
  ]);
}

/** @throws P2mError P2M_SHARD */
function checkAllThere(shards: readonly NamedShard[]): void {
  const { count } = shards[0].shard;
  const byIndex = new Map<number, NamedShard>();
  for (const shard of shards) {
    const { index } = shard.shard;
    const same = byIndex.get(index);
    if (same !== undefined) {
      throw new P2mError('P2M_SHARD', `shard ${index} of ${count} is there twice: ${same.file} is it as well`, {
        place: { file: shard.file },
        remedy: 'leave one of them out',
      });
    }
    byIndex.set(index, shard);
  }
  const missing = Array.from({ length: count }, (_, i) => i + 1).filter(index => !byIndex.has(index));
  if (missing.length > 0) {
    const what =
      missing.length === 1 ? `shard ${missing[0]} of ${count} is` : `shards ${missing.join(', ')} of ${count} are`;
    throw new P2mError('P2M_SHARD', `${what} missing`, {
      remedy: `name all ${counted(count, 'file')}; p2mtrace audit --shard ${missing[0]}/${count} makes one`,
    });
  }
}

/** Each file has its result in some shard: else shards were cut apart by another rule. */
function checkResults({ files, unreadable, file }: NamedShard, results: ReadonlyMap<string, TraceResult>): void {
  const all = new Set([...files, ...unreadable].map(({ path }) => path));
  const stray = [...all].find(path => !results.has(path)) ?? [...results.keys()].find(path => !all.has(path));
  if (stray === undefined) return;
  throw new P2mError('P2M_SHARD', `${stray} is not in the one shard that should have it`, {
    place: { file },
    remedy: 'have all shards made again',
  });
}
