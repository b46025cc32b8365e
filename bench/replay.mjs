import { existsSync } from 'node:fs';
import { replayTrace, STATE_COLUMNS } from '@p2mtrace/replayer';
import { BatchMemory, importXentraceFile, TraceReader } from '@p2mtrace/trace-format';
import { median } from './timing.mjs';
import { makeYardstick, TRACE } from './yardstick.mjs';

/** Replay of the yardstick, read from the file, against a bare scan of the same columns. Target: 10 million events/s. */
export async function benchReplay() {
  if (!existsSync(TRACE)) await importXentraceFile(makeYardstick(), TRACE);
  const reader = TraceReader.open(TRACE);
  const rounds = Array.from({ length: 6 }, () => ({
    replay: time(() => replayTrace(reader)),
    scan: time(() => scan(reader)),
  })).slice(1);
  let factRows = 0;
  const counting = { take: chunk => (factRows += chunk.rows) };
  const facts = median(
    Array.from({ length: 3 }, () => {
      factRows = 0;
      return time(() => replayTrace(reader, { facts: counting }));
    }),
  );
  const replay = median(rounds.map(round => round.replay));
  const ratio = median(rounds.map(round => round.replay / round.scan));
  const rate = milliseconds => (reader.rows / milliseconds / 1000).toFixed(1);
  console.log(
    `replay: ${rate(replay)} million events/s (at least 10), ${ratio.toFixed(1)} times a bare scan of the same columns; ` +
      `with facts ${rate(facts)} million events/s (at least 5), ${factRows} rows`,
  );
  reader.close();
}

function time(work) {
  const started = performance.now();
  work();
  return performance.now() - started;
}

/** Adds up every element of every column that a replay reads. */
function scan(reader) {
  const memory = new BatchMemory();
  let sum = 0;
  for (const info of reader.batches) {
    const { columns } = reader.read(info, STATE_COLUMNS, memory);
    for (const name of STATE_COLUMNS) {
      const column = columns[name];
      for (let i = 0; i < column.length; i++) sum = (sum + column[i]) | 0;
    }
  }
  return sum;
}
