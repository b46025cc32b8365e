import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyzeTrace, faultRules, generateTrace, RULES } from '@p2mtrace/analyzers';
import { TraceReader } from '@p2mtrace/trace-format';

const SEEDS = Number(process.env.SEEDS ?? 20);
const EVENTS = 20_000;
const SCENARIOS = ['mixed', 'balloon', 'pod', 'lookups'];

/**
 * Recall and precision by rule over generated traces: every fault once in each, SEEDS of them (environment variable,
 * 20 by default). A planted fault is found where the rule fires on events of it alone; false is what is proven
 * elsewhere. Target: recall 1, none false.
 */
export async function benchRules() {
  const path = join(tmpdir(), `p2mtrace-rules-${process.pid}.arrow`);
  const faults = faultRules();
  const found = new Map(faults.map(rule => [rule, 0]));
  const wrong = new Map();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { planted } = await generateTrace(path, { scenario: SCENARIOS[seed % 4], events: EVENTS, seed, faults });
    const findings = await findingsOf(path);
    const isOf = (place, { witness }) => witness.every(({ seq }) => seq >= place.firstSeq && seq <= place.lastSeq);
    for (const place of planted) {
      const hit = findings.some(
        ({ rule, occurrences }) => rule === place.rule && occurrences.some(one => isOf(place, one)),
      );
      if (hit) found.set(place.rule, found.get(place.rule) + 1);
      else console.log(`  missed: ${place.rule} (${place.story}), seed ${seed}`);
    }
    for (const { rule, confidence, occurrences } of findings) {
      const stray = occurrences.filter(one => !planted.some(place => isOf(place, one))).length;
      if (stray > 0 && confidence === 'proven') wrong.set(rule, (wrong.get(rule) ?? 0) + stray);
    }
  }
  rmSync(path, { force: true });
  const total = [...found.values()].reduce((sum, count) => sum + count, 0);
  const missed = [...found].filter(([, count]) => count < SEEDS);
  console.log(
    `rules: ${faults.length} of ${RULES.length} rules as faults, ${SEEDS} seeds: recall ` +
      `${(total / (faults.length * SEEDS)).toFixed(4)} (1 wanted), false and proven ${[...wrong.values()].reduce((sum, count) => sum + count, 0)} (0 wanted)`,
  );
  for (const [rule, count] of missed) console.log(`  ${rule}: recall ${(count / SEEDS).toFixed(2)}`);
  for (const [rule, count] of wrong) console.log(`  ${rule}: ${count} false`);
}

async function findingsOf(path) {
  const reader = TraceReader.open(path);
  try {
    return (await analyzeTrace(reader, { only: RULES.map(({ id }) => id) })).findings;
  } finally {
    reader.close();
  }
}
