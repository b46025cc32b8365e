import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BREACH_SPEC, FACT_SPECS, OPPORTUNITY_SPEC, replayTrace, whatIf, whatIfOnThreads } from '@p2mtrace/replayer';
import { importXentraceFile, TraceReader } from '@p2mtrace/trace-format';
import { peakMemory } from './peak-memory.mjs';
import { median } from './timing.mjs';
import { DATA, makeYardstick } from './yardstick.mjs';

// One measurement of whatif in its own process, printed as JSON. Rounds of both in turns meet the same noise.
const [path, mode] = process.argv.slice(2);
const ROUNDS = 3;

if (mode === 'turns') {
  const reader = TraceReader.open(path);
  const checks = [BREACH_SPEC.name, OPPORTUNITY_SPEC.name];
  const wanted = FACT_SPECS.map(({ name }) => name).filter(name => !checks.includes(name));
  const facts = () => replayTrace(reader, { facts: { wanted, take: () => {} } });
  facts();
  const pairs = Array.from({ length: ROUNDS }, () => ({ facts: cpuOf(facts), whatif: cpuOf(() => whatIf(reader)) }));
  const whatif = median(pairs.map(pair => pair.whatif));
  console.log(JSON.stringify({ whatif, ratio: median(pairs.map(pair => pair.whatif / pair.facts)) }));
} else if (mode === 'memory') {
  await whatIfOnThreads(TraceReader.open(path));
  console.log(JSON.stringify({ peak: peakMemory() }));
} else {
  const once = join(DATA, 'once.arrow');
  if (!existsSync(once)) await importXentraceFile(makeYardstick(1), once);
  const reader = TraceReader.open(once);
  const started = performance.now();
  await whatIfOnThreads(reader, { pcpus: 64 });
  console.log(JSON.stringify({ wall: (performance.now() - started) / 1000 }));
}

/** Seconds of processor time. */
function cpuOf(work) {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
