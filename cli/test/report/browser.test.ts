import { copyFileSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { browser, HAS_BROWSER } from '../support/browser.js';
import { fine, needsBuild, p2mtrace, tempDir } from '../support/cli.js';

needsBuild();
const temp = tempDir();
const sample = (rule: string) =>
  fileURLToPath(new URL(`../../../samples/corpus/rules/${rule}/trace.ndjson`, import.meta.url));

/** A page of one trace, and one of an audit of three, of which one is none. */
beforeAll(() => {
  fine(['import', sample('refcount.leak'), '-o', temp('leak.arrow'), '-q']);
  expect(p2mtrace(['report', temp('leak.arrow'), '-o', temp('leak.html')]).code).toBe(1);
  mkdirSync(temp('in'));
  for (const rule of ['lock-order.class-cycle', 'use-after-unmap.late-reference'])
    copyFileSync(sample(rule), temp(`in/${rule}.ndjson`));
  copyFileSync(fileURLToPath(import.meta.url), temp('in/no<i>trace.ndjson'));
  p2mtrace(['audit', 'in', '--workers', '1', '--reporter', 'html=audit.html'], { cwd: temp('.') });
}, 300_000);

it('is small, and leaves nothing beside the trace', () => {
  expect(statSync(temp('leak.html')).size).toBeLessThan(500_000);
  expect(readdirSync(temp('.')).filter(name => name.startsWith('leak'))).toEqual(['leak.arrow', 'leak.html']);
});

describe.skipIf(!HAS_BROWSER)('in a browser', () => {
  const open = browser();
  const shown = async (page: Awaited<ReturnType<typeof open>>['page']) => {
    const { from, to } = await page
      .locator('.drawing')
      .first()
      .evaluate(({ dataset }: never) => dataset as Record<string, string>);
    return [Number(from), Number(to)];
  };

  it.each(['leak', 'audit'])('%s.html opens without errors and asks for nothing', async name => {
    const { page, problems, requests } = await open(temp(`${name}.html`));
    await expect.poll(() => page.locator('.drawing svg').count()).toBeGreaterThan(0);
    expect([problems, requests]).toEqual([[], []]);
    await page.close();
  });

  it('says the verdict first, and shows the first error open', async () => {
    const { page } = await open(temp('leak.html'));
    expect(await page.locator('main h1').textContent()).toBe('1 error');
    expect(await page.locator('.finding.error').first().getAttribute('open')).not.toBeNull();
    expect(await page.locator('.story > li').count()).toBe(2);
    await page.close();
  });

  it('opens a finding by mouse, by key and by link', async () => {
    const { page } = await open(temp('audit.html'));
    const finding = page.locator('.finding').last();
    const story = finding.locator('.story').first();
    expect(await story.isVisible()).toBe(false);
    await finding.locator('summary').first().click();
    expect(await story.isVisible()).toBe(true);
    await finding.locator('summary').first().press('Enter');
    expect(await story.isVisible()).toBe(false);
    const id = await finding.getAttribute('id');
    await page.goto(`${page.url()}#${id}`);
    await expect.poll(() => story.isVisible()).toBe(true);
    await page.close();
  });

  it('zooms and moves its timeline by buttons, keys and wheel', async () => {
    const { page } = await open(temp('leak.html'));
    const svg = page.locator('.drawing svg').first();
    const button = (name: string) => page.getByRole('button', { name, exact: true }).first();
    await button('Whole trace').click();
    expect(await shown(page)).toEqual([0, 12]);
    await svg.focus();
    await page.keyboard.press('w');
    // Twelve events are too few to zoom in on four of them.
    await button('Zoom in').click();
    const [from, to] = await shown(page);
    expect(to - from).toBeLessThan(12);
    await svg.focus();
    await page.keyboard.press('0');
    expect(await shown(page)).toEqual([0, 12]);
    await svg.hover();
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -200);
    await page.keyboard.up('Control');
    await expect.poll(async () => (await shown(page))[1] - (await shown(page))[0]).toBeLessThan(12);
    await page.close();
  });

  it('tells what is under the pointer', async () => {
    const { page } = await open(temp('leak.html'));
    await page.locator('.drawing .item').first().hover();
    expect(await page.locator('.told').first().textContent()).toContain(
      'p2m entries of the gfn: 0x12040 ram_rw, #2 to #7',
    );
    await page.close();
  });

  it('has text of files and traces as text', async () => {
    const { page } = await open(temp('audit.html'));
    expect(await page.locator('main').textContent()).toContain('in/no<i>trace.ndjson');
    expect(await page.locator('main i').count()).toBe(0);
    await page.close();
  });

  it('marks the bad edges of the lock graph', async () => {
    const { page } = await open(temp('audit.html'));
    expect(await page.locator('svg.graph g.bad').count()).toBe(2);
    await page.close();
  });

  it('skips to the report by the first key', async () => {
    const { page } = await open(temp('leak.html'));
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.close();
  });

  it('is dark where that is preferred, and light on paper, with everything open', async () => {
    const { page } = await open(temp('audit.html'), 'dark');
    const paper = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(await paper()).toBe('rgb(20, 24, 30)');
    const drawn = await page.locator('.timeline').count();
    await page.pdf({ path: temp('audit.pdf') });
    expect(await page.locator('.drawing svg').count()).toBe(drawn);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await paper()).toBe('rgb(255, 255, 255)');
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    for (const story of await page.locator('.finding .story').all()) expect(await story.isVisible()).toBe(true);
    await page.close();
  });
});
