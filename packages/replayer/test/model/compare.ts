import { defaultMetadata, type TraceMetadata } from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { Replayer } from '../../src/index.js';
import type { Case, LossStart } from './arbitrary.js';
import { batchOf } from './batch.js';
import { lineOf } from './event.js';
import { beginLoss } from './loss.js';
import { Model, type Setup } from './model.js';
import { modelRows } from './model-rows.js';
import { replayerRows } from './replayer-rows.js';
import { differences, type StateRows } from './rows.js';

/** Cases of a property, about 10 ms each. P2MTRACE_CASES makes them more, which may need vitest's --testTimeout. */
export const CASES = Number(process.env.P2MTRACE_CASES ?? 300);

/** What the metadata of a trace with these events says. */
function metadataOf({ layout, events }: Case): TraceMetadata {
  const counts: Record<string, number> = {};
  for (const { kind } of events) counts[kind] = (counts[kind] ?? 0) + 1;
  const hasResults = events.some(({ kind, flags }) => kind === 'set_entry' && !flags?.includes('attempt'));
  return { ...defaultMetadata('test'), layout, hasResults, counts };
}

export function setupOf({ layout, hasResults, counts }: TraceMetadata): Setup {
  return {
    layout,
    hasResults: hasResults ?? false,
    hasCacheAdds: (counts?.pod_cache_add ?? 0) > 0,
    hasRmapDel: (counts?.rmap_del ?? 0) > 0,
  };
}

/** A case as it can be imported. */
export const ndjsonOf = ({ layout, events }: Case): string =>
  [`{"p2mtrace":1,"layout":"${layout}"}`, ...events.map(lineOf)].map(line => `${line}\n`).join('');

/** The model after each event of a case. */
export function* modelled(one: Case, losses: readonly LossStart[] = one.losses ?? []): Generator<Model> {
  const model = new Model(setupOf(metadataOf(one)));
  for (const [seq, event] of one.events.entries()) {
    for (const loss of losses) if (loss.seq === seq) beginLoss(model, loss.pcpu);
    model.apply(event);
    yield model;
  }
}

/** @throws Error that names what differs */
export function expectSame(replayer: StateRows, model: StateRows, seq: number): void {
  const found = differences(replayer, model);
  if (found.length > 0) throw new Error([`after event ${seq}:`, ...found].join('\n'));
}

/** Both replay a case, without a file, and are compared now and then and at the end. */
export function compareInMemory(one: Case): void {
  const { batch, names } = batchOf(one.events);
  const replayer = new Replayer({ metadata: metadataOf(one), names });
  let seq = 0;
  for (const model of modelled(one)) {
    for (const loss of one.losses ?? []) if (loss.seq === seq) replayer.beginLoss(loss.pcpu);
    replayer.apply(batch, seq, seq + 1);
    seq++;
    const isTime = seq % one.every === 0 || seq === one.events.length;
    if (isTime) expectSame(replayerRows(replayer, names), modelRows(model), seq - 1);
  }
}

/** Runs a property; a failure shows the shrunk case as NDJSON. */
export async function holds<C extends Case>(
  cases: fc.Arbitrary<C>,
  compare: (one: C) => void | Promise<void>,
  numRuns = CASES,
): Promise<void> {
  const property = fc.asyncProperty(cases, async one => {
    await compare(one);
  });
  const out = await fc.check(property, { numRuns });
  if (!out.failed) return;
  const [one] = out.counterexample ?? [];
  const shrunk = one === undefined ? 'interrupted' : `losses ${JSON.stringify(one.losses)}\n${ndjsonOf(one)}`;
  const why = out.errorInstance instanceof Error ? (out.errorInstance.stack ?? out.errorInstance.message) : '';
  throw new Error(`seed ${out.seed}, after ${out.numRuns} cases:\n${shrunk}${why}`);
}
