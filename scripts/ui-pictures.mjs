/** Makes the pictures of docs/ui.md in docs/ui/: node scripts/ui-pictures.mjs. Needs Chromium (CHROMIUM=). */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cli = join(root, 'cli', 'bin', 'p2mtrace.js');
const { chromium } = createRequire(join(root, 'cli', 'package.json'))('playwright-core');
const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-pictures-'));
const trace = join(folder, 'workload.arrow');
const made = ['generate', '-o', trace, '--events', '120000', '--seed', '16', '--fault', 'refcount.leak', '-q'];
spawnSync(process.execPath, [cli, ...made], { stdio: 'inherit' });
const server = spawn(process.execPath, [cli, 'ui', trace, '--no-open', '--cpu-hz', '2G'], {
  stdio: ['ignore', 'pipe', 2],
});
const url = String(await new Promise(resolve => server.stdout.once('data', resolve))).trim();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
mkdirSync(join(root, 'docs', 'ui'), { recursive: true });
const thing = encodeURIComponent('gfn 1:0x10@host');

/** Opens a place, waits for what it shows, does something, and takes the picture. */
async function picture(name, hash, wanted, act = async () => {}) {
  const page = await browser.newPage({ viewport: { width: 960, height: 600 }, reducedMotion: 'reduce' });
  await page.goto(url + hash);
  await act(page);
  await page.locator(wanted).first().waitFor({ timeout: 120_000 });
  // What comes last in every view.
  await page.locator('.dot.of-error').waitFor({ timeout: 120_000 });
  await page.waitForTimeout(800);
  await page.screenshot({ path: join(root, 'docs', 'ui', `${name}.png`) });
  await page.close();
}

try {
  await picture('map', `#seq=60000&view=map&space=1+host&thing=${thing}`, '.map canvas[data-drawn]');
  await picture('thing', `#seq=60000&view=thing&thing=${thing}`, '.lanes svg');
  await picture('findings', '#view=findings', '.story .events li', async page => {
    await page.locator('button.fold').first().click({ timeout: 120_000 });
    await page.getByRole('button', { name: 'zoom the timeline to it' }).click();
  });
  await picture('locks', '#seq=60000&view=locks', '.graph svg');
  await picture(
    'compare',
    '#seq=20000&view=compare&space=1+host',
    '.maps figure:last-child canvas[data-drawn="90000"]',
    async page => {
      await page.getByRole('button', { name: 'mark here' }).click();
      await page.getByRole('searchbox').fill('#90000');
      await page.getByRole('searchbox').press('Enter');
    },
  );
} finally {
  await browser.close();
  server.kill('SIGINT');
  rmSync(folder, { recursive: true, force: true });
}
