import { BREACH_SPEC, FACT_SPECS, OPPORTUNITY_SPEC, replayTrace, STATE_COLUMNS } from '@p2mtrace/replayer';
import { BatchMemory, TraceReader } from '@p2mtrace/trace-format';
import { median } from './timing.mjs';

// Replays a trace again and again in its own process, each time as a command would: prints the rate as JSON.
const [path, mode] = process.argv.slice(2);
const reader = TraceReader.open(path);
const tables = FACT_SPECS.map(({ name }) => name);
const ofChecks = [BREACH_SPEC.name, OPPORTUNITY_SPEC.name];
let rows = 0;
const take = chunk => {
  rows += chunk.rows;
};

const MODES = {
  scan: () => scan(reader),
  state: () => replayTrace(reader),
  facts: () => replayTrace(reader, { facts: { wanted: tables.filter(name => !ofChecks.includes(name)), take } }),
  checks: () => replayTrace(reader, { facts: { wanted: tables, take } }),
};

/** Adds up every element of every column that a replay reads. */
function scan() {
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

const times = Array.from({ length: 6 }, () => {
  rows = 0;
  const started = performance.now();
  MODES[mode]();
  return performance.now() - started;
}).slice(1);
console.log(JSON.stringify({ rate: reader.rows / median(times) / 1000, rows }));
reader.close();
