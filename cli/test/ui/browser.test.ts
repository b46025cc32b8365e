import { writeFileSync } from 'node:fs';
import { replay } from '@p2mtrace/replayer';
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
  let [url, hostile, both] = ['', '', ''];
  beforeAll(async () => {
    fine(['generate', '-o', temp('a.arrow'), '--events', '20000', '--seed', '16', '--fault', 'refcount.leak', '-q']);
    writeFileSync(temp('<i>names.ndjson'), NAMES.map(event => `${JSON.stringify(event)}\n`).join(''));
    p2mtrace(['import', temp('<i>names.ndjson'), '-o', temp('<i>names.arrow'), '-q']);
    fine(['whatif', temp('a.arrow'), '--format', 'json', '-o', temp('a.json'), '-q']);
    [{ url }, { url: hostile }, { url: both }] = await Promise.all([
      serve(temp('a.arrow'), '--cpu-hz', '2G'),
      serve(temp('<i>names.arrow')),
      serve(temp('a.arrow'), temp('<i>names.arrow'), '--whatif', temp('a.json')),
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
      if (!request.url().startsWith(of) && !/^(?:data|about):/.test(request.url())) problems.push(request.url());
    });
    await page.goto(of + hash);
    await page.locator('main').waitFor();
    return { page, problems };
  }

  const drawn = (page: Page, seq: number) =>
    expect.poll(() => page.locator('.map canvas').getAttribute('data-drawn')).toBe(String(seq));
  const seqOf = async (page: Page) =>
    Number((await page.getByRole('slider', { name: 'Time' }).getAttribute('aria-valuenow')) ?? Number.NaN);
  /** What axe-core finds serious. */
  async function serious(page: Page): Promise<string[]> {
    const found = await page.evaluate('axe.run({ resultTypes: ["violations"], preload: false, iframes: false })');
    return (found as { violations: { impact: string; id: string; nodes: { html: string }[] }[] }).violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  }

  /** What is there when a view has what it shows. */
  const READY: Readonly<Record<string, readonly string[]>> = {
    map: ['.map canvas[data-drawn]'],
    thing: ['.lanes svg'],
    findings: ['article'],
    locks: ['.chart canvas', '.graph svg', '.table tbody tr'],
    sql: ['.cm-content'],
    compare: ['.maps figure:first-child canvas[data-drawn]', '.maps figure:last-child canvas[data-drawn]'],
  };

  it('every view is there, legible and accessible, at every size, in light and dark', async () => {
    const { page, problems } = await open(`#thing=${encodeURIComponent('domain 1')}`);
    await page.evaluate(axe.source);
    for (const [i, [view, ready]] of Object.entries(READY).entries()) {
      await page.keyboard.press(String(i + 1));
      for (const one of ready) await page.locator(one).first().waitFor({ timeout: 60_000 });
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        for (const { name, width, height } of SIZES) {
          await page.setViewportSize({ width, height });
          // A page that scrolls sideways can't be read on a phone.
          const wide = await page.evaluate(
            'document.documentElement.scrollWidth - document.documentElement.clientWidth',
          );
          expect([view, name, wide]).toEqual([view, name, 0]);
          const isChecked = name === (colorScheme === 'dark' ? 'phone' : 'desk');
          if (isChecked) expect([view, await serious(page)]).toEqual([view, []]);
        }
      }
    }
    expect(problems).toEqual([]);
    await page.close();
  });

  /** Goes on with Tab until what has the focus matches, which must be seen. */
  async function tabTo(page: Page, selector: string): Promise<void> {
    await page.locator(selector).first().waitFor({ timeout: 60_000 });
    for (let i = 0; i < 150; i++) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate(`document.activeElement.matches('${selector}')`)) !== true) continue;
      const outline = () =>
        page.evaluate(`(own =>
          getComputedStyle(own.shadowRoot?.querySelector('.cm-editor') ?? own).outlineStyle)(document.activeElement)`);
      await expect.poll(outline, { message: `the focus is seen at ${selector}` }).not.toBe('none');
      return;
    }
    throw new Error(`Tab never comes to ${selector}`);
  }
  /** As a reader of the page: from its top. */
  const fromTop = (page: Page) => page.evaluate('document.activeElement?.blur(); scrollTo(0, 0)');
  const lookedAt = (page: Page) => page.locator('.thing h2').textContent();

  it('each view can be used with a keyboard alone, at every size', async () => {
    const { page, problems } = await open('#seq=9000');
    const { keyboard } = page;
    for (const { width, height } of SIZES) {
      await page.setViewportSize({ width, height });
      await keyboard.press('1');
      await page.locator('.map canvas[data-drawn]').waitFor();
      await keyboard.press('m');
      await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('CANVAS');
      for (const key of ['ArrowRight', 'ArrowRight', '+', 'Enter']) await keyboard.press(key);
      await expect.poll(() => lookedAt(page)).toMatch(/^gfn \d+:0x/);
      const frame = await lookedAt(page);

      await fromTop(page);
      await keyboard.press('2');
      await tabTo(page, '.thing .buttons button:nth-child(3)');
      await keyboard.press('Enter');
      await page.getByRole('heading', { name: 'why', exact: true }).waitFor();
      expect(await lookedAt(page)).toBe(frame);

      await fromTop(page);
      await keyboard.press('3');
      await page.locator('article').first().waitFor({ timeout: 60_000 });
      await tabTo(page, 'button.fold');
      await keyboard.press('Enter');
      await page.locator('.story .events .link.number').first().waitFor({ timeout: 60_000 });
      await tabTo(page, '.story .events .link.number');
      const witness = Number(
        (await page.locator('.story .events .link.number').first().textContent())?.replace(/\D/g, ''),
      );
      await keyboard.press('Enter');
      await expect.poll(() => seqOf(page)).toBe(witness);

      await fromTop(page);
      await keyboard.press('4');
      await page.locator('.graph svg').waitFor({ timeout: 60_000 });
      await tabTo(page, 'summary');
      await keyboard.press('Enter');
      await tabTo(page, 'details .link.number');
      await keyboard.press('Enter');
      await expect.poll(() => page.locator('.here .event b').textContent()).toBe('lock_acquire');

      await fromTop(page);
      await keyboard.press('5');
      await page.locator('.cm-content').waitFor();
      await tabTo(page, '.editor');
      await keyboard.press('Control+a');
      await keyboard.type('select 77 as seq');
      await keyboard.press('Escape');
      await keyboard.press('Control+Enter');
      await page.locator('.table td .link').waitFor({ timeout: 60_000 });
      await tabTo(page, '.table td .link');
      await keyboard.press('Enter');
      await expect.poll(() => seqOf(page)).toBe(77);

      await fromTop(page);
      await keyboard.press('6');
      await tabTo(page, '.bar button');
      await keyboard.press('Enter');
      await keyboard.press('PageDown');
      await tabTo(page, 'button.main');
      await keyboard.press('Enter');
      await page.locator('.table tbody tr').first().waitFor({ timeout: 60_000 });
      await expect.poll(() => page.locator('[aria-label="Both maps"] .bar output').textContent()).toContain('cells');
      await fromTop(page);
      await keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keys' }).waitFor();
      await keyboard.press('Escape');
      await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'detached' });
    }
    expect(problems).toEqual([]);
    await page.close();
  });

  it('findings stand on the timeline before anybody asks for them, and a click on one goes there', async () => {
    const told = JSON.parse(p2mtrace(['analyze', temp('a.arrow'), '--format', 'json', '-q']).stdout);
    const witnesses: number[] = told.findings.flatMap((finding: { occurrences: { witness: { seq: number }[] }[] }) =>
      finding.occurrences.flatMap(({ witness }) => witness.map(({ seq }) => seq)),
    );
    const first = Math.min(...witnesses);
    // Only one of them is in sight.
    const { page, problems } = await open(`#seq=${first + 40}&view=map&window=${first - 50}-${first + 50}`);
    await page.locator('.dot.of-error').waitFor({ timeout: 60_000 });
    const box = (await page.getByRole('slider').boundingBox())!;
    await page.mouse.click(box.x + box.width / 2 + 3, box.y + 3);
    await expect.poll(() => seqOf(page)).toBe(first);
    expect(problems).toEqual([]);
    await page.close();
  });

  it('time is walked by keys, by drag and by wheel; the address follows', async () => {
    const { page, problems } = await open('#seq=100&view=map');
    await drawn(page, 100);
    for (const key of ['ArrowRight', 'ArrowRight', '.', 'ArrowLeft']) await page.keyboard.press(key);
    await expect.poll(() => seqOf(page)).toBe(102);
    await drawn(page, 102);
    await page.keyboard.press('End');
    const end = await seqOf(page);
    await page.keyboard.press('Home');
    await expect.poll(() => seqOf(page)).toBe(-1);
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
    await expect.poll(() => seqOf(other)).toBe(await seqOf(page));
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
    expect(await page.locator('.map .under').textContent()).toMatch(/^0x[0-9a-f]+ /);
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
    if (row !== undefined) await expect.poll(() => seqOf(page)).toBe(Number(row.n ?? row[0]));
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
    await fold.waitFor({ timeout: 60_000 });
    await fold.press('Enter');
    const witness = page.locator('.story .events .link.number').first();
    await witness.waitFor({ timeout: 60_000 });
    const seq = Number((await witness.textContent())!.replace(/\D/g, ''));
    await witness.press('Enter');
    await expect.poll(() => seqOf(page)).toBe(seq);
    await page.locator('nav').getByRole('button', { name: 'SQL' }).click();
    const editor = page.locator('.cm-content');
    await editor.click();
    await page.keyboard.press('Control+a');
    await page.keyboard.type("select seq, domid, gfn from events where kind = 'set_entry' order by seq limit 3");
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+Enter');
    const cell = page.locator('.table td .link').first();
    await cell.waitFor({ timeout: 60_000 });
    const to = Number((await cell.textContent())!.replace(/\D/g, ''));
    await cell.click();
    await expect.poll(() => seqOf(page)).toBe(to);
    await page.locator('.table td .link').nth(2).click();
    await expect.poll(() => page.locator('.thing h2').textContent()).toMatch(/^gfn \d+:0x/);
    expect(problems).toEqual([]);
    await page.close();
  });

  it('views show what replay, history, sql and diff say, at random points', async () => {
    const own = replay(temp('a.arrow'), { index: false });
    const { page, problems } = await open();
    const go = (hash: Record<string, string | number>) =>
      page.evaluate(`location.hash = ${JSON.stringify(String(new URLSearchParams(hash as never)))}`);
    const lines = (...args: readonly string[]) =>
      fine([...args, '--format', 'ndjson', '-q'])
        .stdout.trim()
        .split('\n');
    for (const i of [1, 2]) {
      const seq = ((i * 2_654_435_761) >>> 0) % 19_000;
      const state = own.at(seq);
      const rows = [...state.p2mRows({ view: 'host' })];
      const row = rows[((i * 40_503) >>> 0) % rows.length];
      const which = `${row.domid}:0x${row.gfn.toString(16)}@host`;
      await go({ seq, view: 'map', thing: `gfn ${which}` });
      await drawn(page, seq);
      const fields = async () =>
        Object.fromEntries(
          (await page.evaluate(
            `[...document.querySelectorAll('.thing .fields > div')].map(one => [...one.children].map(part => part.textContent))`,
          )) as [string, string][],
        );
      await expect.poll(fields).toMatchObject({
        p2m_type: row.p2m_type,
        order: String(row.order),
        mfn: row.mfn === null ? 'none (INVALID_MFN)' : `0x${row.mfn.toString(16)}`,
      });
      const held = new Map<number, string[]>();
      for (const { pcpu, class: of, since_seq } of state.lockRows()) {
        held.set(pcpu, [...(held.get(pcpu) ?? []), `${of} ${since_seq}`]);
      }
      await go({ seq, view: 'locks' });
      const shownLocks = () =>
        page.evaluate(`[...document.querySelectorAll('[aria-label="locks held by pcpu"] tbody tr')].map(row =>
          [Number(row.querySelector('th').textContent), [...row.querySelectorAll('td:last-child > div')].map(one =>
            one.querySelector('button').textContent + ' ' + one.querySelector('.number').textContent.replace(/\\D/g, ''))])
          .filter(([, locks]) => locks.length > 0)`);
      await expect.poll(shownLocks).toEqual([...held].sort(([a], [b]) => a - b));
      await go({ seq, view: 'thing', thing: `gfn ${which}` });
      const counted = () => page.locator('main table[aria-rowcount]').getAttribute('aria-rowcount');
      const history = lines('history', temp('a.arrow'), 'gfn', which);
      await expect.poll(counted, { timeout: 60_000 }).toBe(String(history.length + 1));
    }
    own.close();
    await page.keyboard.press('5');
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+a');
    const sql = 'select kind, count(*) as n from events where seq > 4321 group by kind order by n desc, kind limit 6';
    await page.keyboard.type(sql);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+Enter');
    const told = lines('sql', temp('a.arrow'), sql).map(line => Object.values(JSON.parse(line)).map(String));
    const shown = () =>
      page.evaluate(
        `[...document.querySelectorAll('.table tbody tr')].map(row => [...row.children].map(cell => cell.textContent))`,
      );
    await expect.poll(shown, { timeout: 60_000 }).toEqual(told);
    await page.keyboard.press('6');
    await go({ seq: 9000, view: 'compare' });
    await page.getByLabel('from').fill('4000');
    await page.getByRole('combobox', { name: 'rows' }).selectOption('each');
    await page.getByRole('button', { name: 'list what differs' }).click();
    const differs = lines('diff', temp('a.arrow'), '--from', '#4000', '--to', '#9000');
    const count = () => page.locator('main table[aria-rowcount]').getAttribute('aria-rowcount');
    await expect.poll(count, { timeout: 60_000 }).toBe(String(differs.length + 1));
    expect(problems).toEqual([]);
    await page.close();
  });

  it('shows hostile names as text', async () => {
    const { page, problems } = await open(`#view=map&seq=3&thing=${encodeURIComponent('gfn 1:0x10')}`, { of: hostile });
    await expect.poll(() => page.locator('.thing').textContent()).toContain('onerror=');
    await page.keyboard.press('4');
    await expect.poll(() => page.locator('main table').first().textContent()).toContain('<img src=x');
    expect(await page.locator('h1').textContent()).toContain('<i>names.arrow');
    const things = ['site 0xffff82d0402da67a', `lock p2m ${HOSTILE}`, 'pcpu 0', 'domain 1', HOSTILE];
    const places = [
      ...things.map(thing => `#view=thing&seq=3&thing=${encodeURIComponent(thing)}`),
      ...['map', 'findings', 'locks', 'sql', 'compare'].map(view => `#view=${view}&seq=2`),
      `#view=map&space=${encodeURIComponent(HOSTILE)}&by=${encodeURIComponent(HOSTILE)}`,
    ];
    for (const place of places) {
      await page.goto(`about:blank`);
      await page.goto(hostile + place);
      await page.waitForLoadState('networkidle');
      if (place.startsWith('#view=sql')) {
        await page.locator('.cm-content').waitFor();
        await tabTo(page, '.editor');
        await page.keyboard.press('Control+a');
        await page.keyboard.type('select symbol, \'<img src=x>\' as "<b>x</b>" from events');
        await page.keyboard.press('Escape');
        await page.keyboard.press('Control+Enter');
        await expect
          .poll(() => page.locator('.table td').first().textContent(), { timeout: 60_000 })
          .toContain('onerror');
        await expect.poll(() => page.locator('.table th').last().textContent()).toBe('<b>x</b>');
      }
      expect([place, await page.title()]).toEqual([place, 'p2mtrace']);
      expect([place, await page.locator('main img, main b b, header i.name, header .name i').count()]).toEqual([
        place,
        0,
      ]);
      const text = (await page.locator('body').textContent()) ?? '';
      expect([place, text.includes('\u001b'), text.includes('\u202e')]).toEqual([place, false, false]);
    }
    // What the trace has no such thing of is refused.
    expect(problems.filter(problem => !problem.includes('status of 400'))).toEqual([]);
    await page.close();
  });

  it('compares two traces side by side, whatever they are called', async () => {
    const { page, problems } = await open('#view=compare&seq=9000', { of: both });
    await page.getByLabel('with').selectOption('1');
    for (const one of ['first', 'last']) await page.locator(`.maps figure:${one}-child canvas[data-drawn]`).waitFor();
    const captions = await page.locator('.maps figcaption').allTextContents();
    expect(captions).toEqual(['a.arrow, #9,000 (here)', '<i>names.arrow, #2, at its end']);
    const told = () => page.locator('section[aria-label="Both maps"] .bar output').textContent();
    await expect.poll(told).toMatch(/^\d[\d,]* of \d[\d,]* cells that both know differ/);
    await page.getByRole('combobox', { name: 'rows' }).selectOption('each');
    await page.getByRole('button', { name: 'list what differs' }).click();
    const diff = ['diff', temp('a.arrow'), temp('<i>names.arrow'), '--from', '#9000', '--to', '#2'];
    const lines = fine([...diff, '--format', 'ndjson', '-q'])
      .stdout.trim()
      .split('\n');
    const count = () => page.locator('main table[aria-rowcount]').getAttribute('aria-rowcount');
    await expect.poll(count, { timeout: 60_000 }).toBe(String(lines.length + 1));
    // The table is about these two points, also when the page has moved on.
    await page.keyboard.press('Escape');
    await page.getByRole('slider', { name: 'Time' }).press('Home');
    await expect.poll(() => page.locator('.maps figcaption').first().textContent()).toContain('start');
    expect(await page.getByText('what differs between').textContent()).toContain(
      'what differs between a.arrow, #9,000 (here) and <i>names.arrow, #2, at its end',
    );
    expect(await page.locator('main img, main i.name, option i').count()).toBe(0);
    expect(problems).toEqual([]);
    await page.close();
  });

  it('shows the charts of a whatif result that was given', async () => {
    const { page, problems } = await open('#view=locks', { of: both });
    const { rows } = JSON.parse(fine(['whatif', temp('a.arrow'), '--format', 'json', '-q']).stdout);
    const waited = rows.filter(({ wait }: { wait: { max: number } }) => wait.max > 0).length;
    const points = (label: string) => page.locator(`section[aria-label="${label}"] circle`);
    await points('parallelism lost by granularity').first().waitFor({ timeout: 60_000 });
    const ranged = rows.filter(({ granularity }: { granularity: string | null }) => granularity !== null).length;
    expect(await points('parallelism lost by granularity').count()).toBe(ranged);
    expect(await points('waits by discipline').count()).toBe(3 * waited);
    expect(problems).toEqual([]);
    await page.close();
  });

  it('what is told of a thing or a frame is never that of another, or of another time', async () => {
    const own = replay(temp('a.arrow'), { index: false });
    const { end } = own;
    const [row] = own.at(end).p2mRows({ view: 'host', domid: 1 });
    const frame = `gfn 1:0x${row.gfn.toString(16)}@host`;
    own.close();
    const { page, problems } = await open(`#view=map&space=1+host&seq=${end}&thing=${encodeURIComponent(frame)}`);
    await drawn(page, end);
    await page.keyboard.press('m');
    await page.locator('.map canvas').press('ArrowRight');
    const under = () => page.locator('.map .under').textContent();
    await expect.poll(under).toContain(`host: ${row.p2m_type}`);
    // At the start of the trace nothing is known of it.
    await page.getByRole('slider', { name: 'Time' }).press('Home');
    await expect.poll(under).toBe(`0x${row.gfn.toString(16)}  host: unknown`);
    await page.getByLabel('memory').selectOption('machine');
    await expect.poll(under).toContain('Point at a frame');
    // While the history of the next thing is on its way, the page must not show the last one's under its name.
    await page.keyboard.press('2');
    await page.locator('main table[aria-rowcount]').waitFor({ timeout: 60_000 });
    let answer = () => {};
    const asked = new Promise<void>(resolve => {
      answer = resolve;
    });
    await page.route(/api\/history/, async route => {
      await asked;
      await route.continue();
    });
    await page.evaluate(`location.hash = 'view=thing&thing=domain+1&seq=${end}'`);
    await expect.poll(() => lookedAt(page)).toBe('domain 1');
    await page.getByText('the trace is being replayed').waitFor();
    expect(await page.locator('main table[aria-rowcount]').count()).toBe(0);
    answer();
    await page.getByLabel('history of domain 1').waitFor({ timeout: 60_000 });
    expect(problems).toEqual([]);
    await page.close();
  });

  it('two sessions stand in different places', async () => {
    const exported = fine(['export', temp('a.arrow'), '--format', 'ndjson'])
      .stdout.trim()
      .split('\n');
    const kinds = exported.map(line => JSON.parse(line).kind).filter(kind => kind !== undefined);
    const [a, b] = await Promise.all([open('#seq=50&view=map'), open('#seq=15000&view=map')]);
    await Promise.all([drawn(a.page, 50), drawn(b.page, 15_000)]);
    for (let i = 1; i <= 8; i++) {
      await Promise.all([a.page.keyboard.press('ArrowRight'), b.page.keyboard.press('ArrowLeft')]);
    }
    await Promise.all([drawn(a.page, 58), drawn(b.page, 14_992)]);
    for (const { page, problems } of [a, b]) {
      const seq = await seqOf(page);
      await expect.poll(() => page.locator('.here .event .link').first().getAttribute('aria-current')).toBe('true');
      const shown = await page.locator('.here .event').textContent();
      expect(shown).toContain(kinds[seq]);
      expect(problems).toEqual([]);
      await page.close();
    }
  });
});
