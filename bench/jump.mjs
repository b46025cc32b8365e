import { existsSync, rmSync, statSync } from 'node:fs';
import { checkpointPath, replay } from '@p2mtrace/replayer';
import { importXentraceFile } from '@p2mtrace/trace-format';
import { median } from './timing.mjs';
import { makeYardstick, TRACE } from './yardstick.mjs';

const JUMPS = 100;

/** Jumps to random events of the yardstick, which has a checkpoint file. Target: a median below 100 ms. */
export async function benchJump() {
  if (!existsSync(TRACE)) await importXentraceFile(makeYardstick(), TRACE);
  const path = checkpointPath(TRACE);
  rmSync(path, { force: true });
  const trace = replay(TRACE);
  const build = time(() => trace.at('end'));
  const straight = replay(TRACE, { index: false });
  const without = time(() => straight.at('end'));
  straight.close();
  const random = xorshift(1);
  const jumps = Array.from({ length: JUMPS }, () => time(() => trace.at(Math.floor(random() * trace.end))));
  const steps = Array.from({ length: 30 }, (_, i) => time(() => trace.at(5_000_000 - i)));
  trace.close();
  console.log(
    `jump: median ${median(jumps).toFixed(1)} ms (at most 100), longest ${Math.max(...jumps).toFixed(1)} ms; ` +
      `a step back ${median(steps).toFixed(1)} ms; checkpoints ${(statSync(path).size / 1e6).toFixed(1)} MB, ` +
      `made in ${(build / 1000).toFixed(2)} s instead of ${(without / 1000).toFixed(2)} s for the replay alone`,
  );
  rmSync(path);
}

function time(work) {
  const started = performance.now();
  work();
  return performance.now() - started;
}

/** The same numbers in [0, 1) on every run. */
function xorshift(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
