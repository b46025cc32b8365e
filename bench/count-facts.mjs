import { replayTrace } from '@p2mtrace/replayer';
import { TraceReader } from '@p2mtrace/trace-format';
import { peakMemory } from './peak-memory.mjs';

// Replays a trace with all facts, and only counts them; prints time and memory as JSON.
const reader = TraceReader.open(process.argv[2]);
let rows = 0;
const started = performance.now();
replayTrace(reader, { facts: { take: chunk => (rows += chunk.rows) } });
const seconds = (performance.now() - started) / 1000;
console.log(JSON.stringify({ events: reader.rows, rows, seconds, peak: peakMemory() }));
