import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { checkpointPath, replay } from '@p2mtrace/replayer';
import { importXentraceFile } from '@p2mtrace/trace-format';
import { median } from './timing.mjs';
import { makeYardstick, TRACE } from './yardstick.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
const STEPS = 100;

/**
 * The page of the yardstick, indexed, in Chromium. Targets: first paint 1.5 s; from a step of the slider to the map redrawn
 * 50 ms at the median, 120 ms at the 99th percentile; 60 frames/s while zooming; server 400 MB.
 */
export async function benchUi() {
  if (!existsSync(CHROMIUM)) {
    console.log(`ui: skipped, as ${CHROMIUM} is absent (package chromium, or CHROMIUM=)`);
    return;
  }
  if (!existsSync(TRACE)) await importXentraceFile(makeYardstick(), TRACE);
  if (!existsSync(checkpointPath(TRACE))) {
    const trace = replay(TRACE);
    trace.at('end');
    trace.close();
  }
  const cli = join(import.meta.dirname, '../cli');
  const { chromium } = createRequire(join(cli, 'package.json'))('playwright-core');
  const server = spawn(process.execPath, [join(cli, 'bin/p2mtrace.js'), 'ui', TRACE, '--no-open', '--cpu-hz', '2G'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const started = performance.now();
  const url = String(await new Promise(resolve => server.stdout.once('data', resolve))).trim();
  const ready = performance.now() - started;
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS.split(' ') });
  try {
    const paints = [];
    let page;
    for (let i = 0; i < 5; i++) {
      await page?.close();
      page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
      await page.goto(`${url}#view=map`);
      await page.locator('.map canvas[data-drawn]').waitFor();
      paints.push(await page.evaluate(firstPaint));
    }
    // The timeline's density is made meanwhile.
    await page.waitForTimeout(6000);
    const jumps = await page.evaluate(steps, { count: STEPS, far: true });
    const near = await page.evaluate(steps, { count: STEPS, far: false });
    const gaps = await page.evaluate(zooming);
    const fps = 1000 / (gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length);
    const at = (values, part) =>
      values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];
    const text = values => `median ${median(values).toFixed(0)} ms, p99 ${at(values, 0.99).toFixed(0)} ms`;
    const memory = name =>
      Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024;
    console.log(
      `ui: ready in ${(ready / 1000).toFixed(2)} s; first paint ${(median(paints.map(({ paint }) => paint)) / 1000).toFixed(2)} s ` +
        `(at most 1.5), map there ${(median(paints.map(({ map }) => map)) / 1000).toFixed(2)} s; slider to map redrawn: ` +
        `anywhere ${text(jumps)}, next event ${text(near)} (at most 50 and 120); zooming ${fps.toFixed(0)} frames/s, ` +
        `longest frame ${Math.max(...gaps).toFixed(0)} ms (60); server ${memory('VmRSS').toFixed(0)} MB, ` +
        `at most ${memory('VmHWM').toFixed(0)} MB (400)`,
    );
  } finally {
    await browser.close();
    server.kill('SIGINT');
  }
}

/** In the page: since the navigation began, milliseconds to the first contents, and to the map. */
function firstPaint() {
  const paint = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? performance.now();
  return { paint, map: performance.now() };
}

/** In the page: milliseconds from each step to the frame in which the map shows it. */
async function steps({ count, far }) {
  const canvas = document.querySelector('.map canvas');
  const slider = document.querySelector('[role=slider]');
  const took = [];
  let random = 1;
  for (let i = 0; i < count; i++) {
    random = (random * 48_271) % 2_147_483_647;
    const { left, top, width } = slider.getBoundingClientRect();
    const drawn = new Promise(resolve => {
      const observer = new MutationObserver(() => {
        observer.disconnect();
        requestAnimationFrame(resolve);
      });
      observer.observe(canvas, { attributes: true, attributeFilter: ['data-drawn'] });
    });
    const begun = performance.now();
    if (far) {
      const at = { clientX: left + (width * random) / 2_147_483_647, clientY: top + 9, buttons: 1, bubbles: true };
      slider.dispatchEvent(new PointerEvent('pointermove', at));
    } else dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft' }));
    await drawn;
    took.push(performance.now() - begun);
  }
  return took;
}

/** In the page: milliseconds from frame to frame during two seconds of turning the wheel. */
async function zooming() {
  const canvas = document.querySelector('.map canvas');
  const gaps = [];
  let last = await new Promise(requestAnimationFrame);
  for (const begun = last; last - begun < 2000; ) {
    const deltaY = Math.sin((last - begun) / 300) * 40;
    canvas.dispatchEvent(new WheelEvent('wheel', { deltaY, cancelable: true }));
    const now = await new Promise(requestAnimationFrame);
    gaps.push(now - last);
    last = now;
  }
  return gaps;
}
