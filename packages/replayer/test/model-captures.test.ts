import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { importXentraceFile, TraceReader } from '@p2mtrace/trace-format';
import { describe, expect, test } from 'vitest';
import { batchRowsOf } from '../../trace-format/test/support/rows.js';
import { tempDir } from '../../trace-format/test/support/temp-dir.js';
import { EventFeed } from '../src/event-feed.js';
import { Replayer } from '../src/index.js';
import { setupOf } from './model/compare.js';
import { eventOf } from './model/event.js';
import { beginLoss } from './model/loss.js';
import { Model } from './model/model.js';
import { modelRows } from './model/model-rows.js';
import { replayerRows } from './model/replayer-rows.js';
import { differences } from './model/rows.js';

const CAPTURES = process.env.P2MTRACE_CAPTURES ?? join(import.meta.dirname, '../../../../shared/captures');
const path = tempDir();

/** Points at which the two are compared, and the end. */
const POINTS = 20;

/** Replays up to `limit` events of a capture in both ways; what differs at any of the points. */
async function compare(name: string, limit = Number.POSITIVE_INFINITY): Promise<string[]> {
  await importXentraceFile(join(CAPTURES, name), path(name));
  const reader = TraceReader.open(path(name));
  const { metadata } = reader;
  const model = new Model(setupOf(metadata));
  const replayer = new Replayer(reader);
  const feed = new EventFeed(reader);
  const end = Math.min(reader.rows, limit);
  const points = new Set(Array.from({ length: POINTS }, () => Math.floor(Math.random() * end)));
  points.add(end - 1);
  const losses = (metadata.health?.lost ?? []).map(({ pcpu, firstTsc }) => ({ pcpu, firstTsc: BigInt(firstTsc) }));
  let seq = 0;
  for (const index of reader.batches.keys()) {
    for (const row of batchRowsOf(reader, index)) {
      if (seq >= end) break;
      const event = eventOf(row as never);
      while (losses.length > 0 && (event.tsc ?? 0n) >= losses[0].firstTsc) beginLoss(model, losses.shift()?.pcpu ?? 0);
      model.apply(event);
      if (points.has(seq)) {
        feed.advance(replayer, seq + 1);
        const found = differences(replayerRows(replayer, reader.names), modelRows(model));
        if (found.length > 0) return [`after event ${seq}`, ...found];
      }
      seq++;
    }
  }
  reader.close();
  return [];
}

describe.skipIf(!existsSync(CAPTURES))('replayer and model agree on captures (skipped where they are absent)', () => {
  test.each(['stock-mem-pv-blk.bin', 'stock-mem-pvh-migrate.bin', 'stock-mem-pvh.bin'])('%s', async name => {
    expect(await compare(name)).toEqual([]);
  });

  test.each([
    'stock-all-pvh.bin',
    'instrumented-pvh.bin',
    'instrumented-pvh-lost.bin',
    'instrumented-pv-blk.bin',
    'planted-1.bin',
  ])('the first events of %s', async name => {
    expect(await compare(name, 200_000)).toEqual([]);
  });
});
