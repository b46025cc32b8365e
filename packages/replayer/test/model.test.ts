import { defaultMetadata, KINDS, type KindName } from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { Replayer } from '../src/index.js';
import { arbitraryCases, type Case } from './model/arbitrary.js';
import { batchOf } from './model/batch.js';
import { lineOf, type TraceEvent } from './model/event.js';
import { Model, type Setup } from './model/model.js';
import { differences, modelRows, replayerRows } from './model/rows.js';

/** Cases of each property; more for a longer search. */
const CASES = Number(process.env.P2MTRACE_CASES ?? 1000);

function setupOf({ layout, events }: Case): Setup {
  return {
    layout,
    hasResults: events.some(({ kind, flags }) => kind === 'set_entry' && !flags?.includes('attempt')),
    hasCacheAdds: events.some(({ kind }) => kind === 'pod_cache_add'),
  };
}

function metadataOf(one: Case) {
  const counts: Record<string, number> = {};
  for (const { kind } of one.events) counts[kind] = (counts[kind] ?? 0) + 1;
  return { ...defaultMetadata('test'), layout: one.layout, hasResults: setupOf(one).hasResults, counts };
}

const show = ({ layout, events }: Case) =>
  [`{"p2mtrace":1,"layout":"${layout}"}`, ...events.map((event: TraceEvent) => lineOf(event))].join('\n');

function tweak(e: TraceEvent): TraceEvent {
  const { rc, access, count_info, type_info, depth, ...rest } = e as any;
  const keep: any = { ...rest };
  if (e.kind !== 'lookup' && access) keep.access = access;
  if (e.kind !== 'page_alloc' && e.kind !== 'snapshot' && count_info !== undefined && e.kind !== 'owner_set' && e.kind !== 'get_page_failed') keep.count_info = count_info;
  if (e.order && e.order < 9 && e.gfn !== undefined) keep.gfn = (e.gfn >> BigInt(e.order)) << BigInt(e.order);
  if (e.order && e.order > 9 && e.gfn !== undefined) keep.gfn = (e.gfn >> BigInt(e.order)) << BigInt(e.order);
  if (e.order && e.order >= 9 && e.mfn !== undefined) keep.mfn = (e.mfn >> (e.order >= 18 ? 18n : 9n)) << (e.order >= 18 ? 18n : 9n);
  const big = (v: any) => v !== undefined && (v & 0xfffffffffffffn) > 0xfffffffffn; if (big(keep.count_info)) delete keep.count_info;
 if (keep.kind==='page_free') { keep.kind='page_alloc'; delete keep.count_info; }  return keep;
}
function expectSame(one0: Case): void {
  const one = { ...one0, events: one0.events.map(tweak) };
  const model = new Model(setupOf(one));
  const replayer = new Replayer(metadataOf(one));
  const { batch, names } = batchOf(one.events);
  one.events.forEach((event, seq) => {
    model.apply(event);
    replayer.apply(batch, seq, seq + 1);
    const found = differences(replayerRows(replayer, names), modelRows(model));
    if (found.length > 0) throw new Error([`after event ${seq}:`, ...found].join('\n'));
  });
}

function holds(kinds: readonly KindName[], maxLength = 30): void {
  const property = fc.property(arbitraryCases(kinds, maxLength), expectSame);
  const out = fc.check(property, { numRuns: CASES });
  if (!out.failed) return;
  const [found] = out.counterexample ?? [];
  throw new Error(`after ${out.numRuns} cases, seed ${out.seed}:\n${found && show(found)}\n${(out.errorInstance as Error)?.message ?? out.errorInstance}`);
}

const kindsOf = (...groups: string[]) =>
  KINDS.filter(({ group }) => groups.includes(group)).map(({ name }) => name as KindName);

describe('replayer and model agree after every event', () => {
  test('p2m', () => holds(['set_entry', 'lookup', 'm2p_set']));
  test('pages', () => holds(kindsOf('page')));
  test('locks', () => holds(kindsOf('lock')));
});
