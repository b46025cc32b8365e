import { writeFileSync } from 'node:fs';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, HAS_BROWSER } from '../support/browser.js';
import { fine, needsBuild, p2mtrace, tempDir } from '../support/cli.js';
import { uiServers } from '../support/ui-server.js';

needsBuild();
const temp = tempDir();
const serve = uiServers();

/** What names may try: markup, quotes, escapes, right to left. */
const HOSTILE = '<img src=x onerror="document.title=\'pwned\'"> "\'` \u202egnp \u001b[31m &lt;b&gt;';
const site = { caller: '0xffff82d0402da67a', symbol: HOSTILE };
const lock = { pcpu: 0, mode: 'write', depth: 1, lock: '0xffff830120101010', lock_class: `p2m ${HOSTILE}`, level: 16 };
const NAMES = [
  { p2mtrace: 1, layout: 'P6', host: HOSTILE },
  { ...lock, ...site, kind: 'lock_acquire' },
  { kind: 'set_entry', pcpu: 0, domid: 1, gfn: '0x10', mfn: '0x20', order: 0, p2m_type: 'ram_rw', ...site },
  { kind: 'set_entry', pcpu: 0, domid: 1, gfn: '0x11', mfn: '0x21', order: 0, p2m_type: 'ram_rw', ...site },
];

const SIZES = [
  { name: 'phone', width: 380, height: 760 },
  { name: 'desk', width: 1280, height: 860 },
  { name: 'projector', width: 1920, height: 1080 },
] as const;

describe.skipIf(!HAS_BROWSER)('in a browser', () => {
  let browser: Browser;
  let [url, hostile] = ['', ''];
  beforeAll(async () => {
    fine(['generate', '-o', temp('a.arrow'), '--events', '20000', '--seed', '16', '--fault', 'refcount.leak', '-q']);
    writeFileSync(temp('<i>names.ndjson'), NAMES.map(event => `${JSON.stringify(event)}\n`).join(''));
    p2mtrace(['import', temp('<i>names.ndjson'), '-o', temp('<i>names.arrow'), '-q']);
    [{ url }, { url: hostile }] = await Promise.all([
      serve(temp('a.arrow'), '--cpu-hz', '2G'),
      serve(temp('<i>names.arrow')),
    ]);
    const flags = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
    browser = await chromium.launch({ executablePath: CHROMIUM, args: flags });
  }, 300_000);
  afterAll(() => browser?.close());

  interface Opened {
    readonly page: Page;
    /** What went wrong, and what was asked of anybody else. */
    readonly problems: string[];
  }

  async function open(
    hash = '',
    { size = SIZES[1], dark = false, of = url }: { size?: (typeof SIZES)[number]; dark?: boolean; of?: string } = {},
  ): Promise<Opened> {
    const page = await browser.newPage({
      viewport: { width: size.width, height: size.height },
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
    });
    const problems: string[] = [];
    page.on('pageerror', ({ message }) => problems.push(message));
    page.on('console', message => problems.push(`${message.type()}: ${message.text()}`));
    page.on('request', request => {
      if (!request.url().startsWith(of) && !request.url().startsWith('data:')) problems.push(request.url());
    });
    await page.goto(of + hash);
    await page.locator('main').waitFor();
    return { page, problems };
  }

  const drawn = (page: Page, seq: number) =>
    expect.poll(() => page.locator('.map canvas').getAttribute('data-drawn'), { timeout: 15_000 }).toBe(String(seq));
  const seqOf = async (page: Page) =>
    Number((await page.getByRole('slider', { name: 'Time' }).getAttribute('aria-valuenow')) ?? Number.NaN);
  /** What axe-core finds serious. */
  async function serious(page: Page): Promise<string[]> {
    await page.evaluate(axe.source);
    const found = await page.evaluate('axe.run({ resultTypes: ["violations"] })');
    return (found as { violations: { impact: string; id: string; nodes: { html: string }[] }[] }).violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  }

  /** Waits until a view has what it shows. */
  const READY: Readonly<Record<string, string>> = {
    map: '.map canvas[data-drawn]',
    thing: '.lanes svg',
    findings: 'article',
    locks: '.chart canvas',
    sql: '.cm-content',
    compare: 'button.main',
  };

  it.each(
    SIZES.flatMap(size => [
      { size, dark: false },
      { size, dark: true },
    ]),
  )('every view is there, legible and accessible: $size.name, dark $dark', async ({ size, dark }) => {
    const { page, problems } = await open(`#thing=${encodeURIComponent('domain 1')}`, { size, dark });
    for (const [i, [view, ready]] of Object.entries(READY).entries()) {
      await page.keyboard.press(String(i + 1));
      await page.locator(ready).first().waitFor({ timeout: 30_000 });
      // A page that scrolls sideways can't be read on a phone.
      const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      expect([view, wide]).toEqual([view, 0]);
      if (dark ? size.name === 'phone' : size.name === 'desk') expect([view, await serious(page)]).toEqual([view, []]);
    }
    expect(problems).toEqual([]);
    await page.close();
  });

  it('time is walked by keys, by drag and by wheel; the address follows', async () => {
    const { page, problems } = await open('#seq=100&view=map');
    await drawn(page, 100);
    for (const key of ['ArrowRight', 'ArrowRight', '.', 'ArrowLeft']) await page.keyboard.press(key);
    expect(await seqOf(page)).toBe(102);
    await drawn(page, 102);
    await page.keyboard.press('End');
    const end = await seqOf(page);
    await page.keyboard.press('Home');
    expect(await seqOf(page)).toBe(-1);
    const box = (await page.getByRole('slider').boundingBox())!;
    await page.mouse.move(box.x + 10, box.y + 30);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + 30, { steps: 4 });
    await page.mouse.up();
    expect(Math.abs((await seqOf(page)) - end / 2)).toBeLessThan(end / 100);
    await page.mouse.wheel(0, -480);
    await expect.poll(() => page.url()).toMatch(/window=\d+-\d+/);
    const [, low, high] = /window=(\d+)-(\d+)/.exec(decodeURIComponent(page.url()))!;
    expect(Number(high) - Number(low)).toBeLessThan(end / 2);
    const link = page.url();
    const other = await browser.newPage();
    await other.goto(link);
    await other.locator('main').waitFor();
    expect(await seqOf(other)).toBe(await seqOf(page));
    await page.keyboard.press(' ');
    const before = await seqOf(page);
    await expect.poll(() => seqOf(page)).toBeGreaterThan(before);
    await page.keyboard.press(' ');
    expect(problems).toEqual([]);
    await Promise.all([page.close(), other.close()]);
  });

  it('a frame is looked at by mouse and by keys; Back returns', async () => {
    const { page, problems } = await open('#view=map');
    const canvas = page.locator('.map canvas');
    await page.locator('.map canvas[data-drawn]').waitFor();
    const box = (await canvas.boundingBox())!;
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    const first = await page.locator('.thing h2').textContent();
    expect(first).toMatch(/^(?:gfn \d+:0x[0-9a-f]+@\w+|mfn 0x[0-9a-f]+)$/);
    await page.keyboard.press('m');
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown', '+', '+', 'Enter']) await canvas.press(key);
    await expect.poll(() => page.locator('.thing h2').textContent()).not.toBe(first);
    expect(await page.locator('#map-under').textContent()).toMatch(/^0x[0-9a-f]+ /);
    await page.goBack();
    await expect.poll(() => page.locator('.thing h2').textContent()).toBe(first);
    await page.getByLabel('memory').selectOption('machine');
    await page.getByLabel('colour').selectOption('owner');
    await expect.poll(() => page.getByRole('list', { name: 'Legend' }).textContent()).toMatch(/d\d|free|nobody/);
    expect(problems).toEqual([]);
    await page.close();
  });

  it('search finds events, times, things and conditions', async () => {
    const { page } = await open('#seq=0');
    const search = async (text: string) => {
      await page.keyboard.press('/');
      await page.keyboard.press('Control+a');
      await page.keyboard.type(text);
      await page.keyboard.press('Enter');
    };
    await search('#1234');
    await expect.poll(() => seqOf(page)).toBe(1234);
    await search('kind == set_entry');
    const [row] =
      JSON.parse(
        fine([
          'sql',
          temp('a.arrow'),
          "select min(seq) as n from events where kind = 'set_entry' and seq > 1234",
          '--format',
          'json',
        ]).stdout,
      ).rows ?? [];
    await expect.poll(() => page.locator('.here .event b').textContent()).toBe('set_entry');
    if (row !== undefined) expect(await seqOf(page)).toBe(Number(row.n ?? row[0]));
    await search('domain 1');
    await expect.poll(() => page.locator('.thing h2').textContent()).toBe('domain 1');
    const before = await seqOf(page);
    await page.keyboard.press('Shift+ArrowRight');
    await expect.poll(() => seqOf(page)).toBeGreaterThan(before);
    await search('mfn nonsense');
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('is no mfn');
    await page.close();
  });

  it('findings lead to their witnesses, queries to events and frames', async () => {
    const { page, problems } = await open('#view=findings');
    const fold = page.locator('article button.fold').first();
    await fold.waitFor({ timeout: 30_000 });
    await fold.press('Enter');
    const witness = page.locator('.story .events .link.number').first();
    await witness.waitFor({ timeout: 30_000 });
    const seq = Number((await witness.textContent())!.replace(/\D/g, ''));
    await witness.press('Enter');
    expect(await seqOf(page)).toBe(seq);
    await page.locator('nav').getByRole('button', { name: 'SQL' }).click();
    const editor = page.locator('.cm-content');
    await editor.click();
    await page.keyboard.press('Control+a');
    await page.keyboard.type("select seq, domid, gfn from events where kind = 'set_entry' order by seq limit 3");
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+Enter');
    const cell = page.locator('.table td .link').first();
    await cell.waitFor({ timeout: 30_000 });
    const to = Number((await cell.textContent())!.replace(/\D/g, ''));
    await cell.click();
    expect(await seqOf(page)).toBe(to);
    await page.locator('.table td .link').nth(2).click();
    await expect.poll(() => page.locator('.thing h2').textContent()).toMatch(/^gfn \d+:0x/);
    expect(problems).toEqual([]);
    await page.close();
  });

  it('shows hostile names as text', async () => {
    const { page, problems } = await open(`#view=map&seq=3&thing=${encodeURIComponent('gfn 1:0x10')}`, { of: hostile });
    await expect.poll(() => page.locator('.thing').textContent()).toContain('onerror=');
    await page.keyboard.press('4');
    await expect.poll(() => page.locator('main table').first().textContent()).toContain('<img src=x');
    expect(await page.title()).toBe('p2mtrace');
    expect(await page.locator('main img, header i.name, header .name i').count()).toBe(0);
    expect(await page.locator('h1').textContent()).toContain('<i>names.arrow');
    const text = (await page.locator('body').textContent()) ?? '';
    expect([text.includes('\u001b'), text.includes('\u202e')]).toEqual([false, false]);
    expect(problems).toEqual([]);
    await page.close();
  });

  it('two sessions stand in different places', async () => {
    const [a, b] = await Promise.all([open('#seq=50&view=map'), open('#seq=15000&view=map')]);
    await Promise.all([drawn(a.page, 50), drawn(b.page, 15_000)]);
    for (let i = 1; i <= 8; i++) {
      await Promise.all([a.page.keyboard.press('ArrowRight'), b.page.keyboard.press('ArrowLeft')]);
    }
    await Promise.all([drawn(a.page, 58), drawn(b.page, 14_992)]);
    for (const { page, problems } of [a, b]) {
      const shown = await page.locator('.here .event').textContent();
      const seq = await seqOf(page);
      const line =
        fine(['export', temp('a.arrow'), '--format', 'ndjson'])
          .stdout.split('\n')
          .find(one => one.includes(`"seq":${seq},`)) ?? '';
      if (line !== '') expect(shown).toContain(JSON.parse(line).kind);
      expect(problems).toEqual([]);
      await page.close();
    }
  });
});
