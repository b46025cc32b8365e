import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyzeTrace, faultRules, generateTrace, RULES, SCENARIOS } from '@p2mtrace/analyzers';
import { TraceReader } from '@p2mtrace/trace-format';

const SEEDS = Number(process.env.SEEDS ?? 20);
const FIRST = Number(process.env.FIRST ?? 1);
const EVENTS = 8000;
/** Ticks that clocks are apart at most, in every fourth trace. */
const SKEW = 20_000;
const SCENARIO_NAMES = Object.keys(SCENARIOS);
const ALL = RULES.map(({ id }) => id);

/**
 * Recall and precision by rule over generated traces: every fault once in each of SEEDS traces (environment variable,
 * default 20; a thousand take a quarter of an hour), with seeds from FIRST on (default 1), so that several processes can
 * share the work. A planted fault counts as found if the rule fires on its events only. Findings on events that do not all belong to one fault are false; proven and unproven ones are counted
 * separately. Target: recall 1, none false and proven.
 */
export async function benchRules() {
  const path = join(tmpdir(), `p2mtrace-rules-${process.pid}.arrow`);
  const faults = faultRules();
  const tallies = new Map(ALL.map(rule => [rule, { planted: 0, found: 0, fired: 0, wrong: 0, guessed: 0 }]));
  const start = performance.now();
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const scenario = SCENARIO_NAMES[seed % SCENARIO_NAMES.length];
    const skew = seed % 4 === 0 ? SKEW : 0;
    const { planted } = await generateTrace(path, { scenario, events: EVENTS, seed, faults, skew });
    tally(seed, planted, await findingsOf(path), tallies);
  }
  const seconds = (performance.now() - start) / 1000;
  rmSync(path, { force: true });
  print([...tallies], seconds);
}

function tally(seed, planted, findings, tallies) {
  const isOf = (place, { witness }) => witness.every(({ seq }) => seq >= place.firstSeq && seq <= place.lastSeq);
  const fired = new Map(findings.map(({ rule }) => [rule, []]));
  for (const { rule, confidence, severity, occurrences } of findings) {
    for (const one of occurrences) fired.get(rule).push({ one, confidence, severity });
  }
  for (const place of planted) {
    const counts = tallies.get(place.rule);
    counts.planted++;
    if (fired.get(place.rule)?.some(({ one }) => isOf(place, one))) counts.found++;
    else console.log(`  missed: ${place.rule} (${place.story}), seed ${seed}`);
  }
  for (const [rule, all] of fired) {
    const counts = tallies.get(rule);
    // A note says what is so, of a workload too: that a write failed, for one.
    const stray = all.filter(({ one, severity }) => severity !== 'note' && !planted.some(place => isOf(place, one)));
    for (const { one, confidence } of stray) {
      if (confidence !== 'proven' && process.env.VERBOSE === undefined) continue;
      console.log(`  false: ${rule}, ${confidence}, seed ${seed}: ${one.witness.map(({ seq }) => seq).join(' ')}`);
    }
    counts.fired += all.length;
    counts.wrong += stray.filter(({ confidence }) => confidence === 'proven').length;
    counts.guessed += stray.filter(({ confidence }) => confidence !== 'proven').length;
  }
}

function print(tallies, seconds) {
  for (const [rule, { planted, found, fired, wrong, guessed }] of tallies) {
    const precision = fired === 0 ? 1 : (fired - wrong - guessed) / fired;
    console.log(
      `  ${rule.padEnd(40)} recall ${(found / planted).toFixed(3)} (${found} of ${planted}), ` +
        `precision ${precision.toFixed(3)} (${fired} findings, false: ${wrong} proven, ${guessed} not proven)`,
    );
  }
  const sum = key => tallies.reduce((total, [, counts]) => total + counts[key], 0);
  console.log(
    `rules: ${tallies.length} rules as faults, seeds ${FIRST} to ${FIRST + SEEDS - 1}, ${(seconds / SEEDS).toFixed(2)} s a seed: recall ` +
      `${(sum('found') / sum('planted')).toFixed(4)} (1 wanted), false and proven ${sum('wrong')} (0 wanted)`,
  );
}

async function findingsOf(path) {
  const reader = TraceReader.open(path);
  try {
    return (await analyzeTrace(reader, { only: ALL })).findings;
  } finally {
    reader.close();
  }
}
