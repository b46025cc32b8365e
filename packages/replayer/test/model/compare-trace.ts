import type { TraceReader } from '@p2mtrace/trace-format';
import { EventFeed } from '../../src/event-feed.js';
import { Replayer } from '../../src/index.js';
import { setupOf } from './compare.js';
import { beginLoss } from './loss.js';
import { Model } from './model.js';
import { modelRows } from './model-rows.js';
import { replayerRows } from './replayer-rows.js';
import { differences } from './rows.js';
import { traceEvents } from './trace-events.js';

/** What differs between replayer and model after the first of the chosen events after which anything does. */
export function compareTrace(reader: TraceReader, isChosen: (seq: number) => boolean): string[] {
  const { metadata } = reader;
  const model = new Model(setupOf(metadata));
  const replayer = new Replayer(reader);
  const feed = new EventFeed(reader);
  const losses = (metadata.health?.lost ?? []).map(({ pcpu, firstTsc }) => ({ pcpu, firstTsc: BigInt(firstTsc) }));
  let seq = 0;
  for (const event of traceEvents(reader)) {
    while (losses.length > 0 && (event.tsc ?? 0n) >= losses[0].firstTsc) beginLoss(model, losses.shift()?.pcpu ?? 0);
    model.apply(event);
    if (isChosen(seq)) {
      feed.advance(replayer, seq + 1);
      const found = differences(replayerRows(replayer, reader.names), modelRows(model));
      if (found.length > 0) return [`after event ${seq}`, ...found];
    }
    seq++;
  }
  return [];
}
