import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { peakMemory } from './peak-memory.mjs';

// Preloaded into the processes that are measured: reports their peak memory (MB).
const path = process.env.P2MTRACE_BENCH_RSS;
if (path !== undefined && isMainThread) process.on('exit', () => writeFileSync(path, String(peakMemory())));
