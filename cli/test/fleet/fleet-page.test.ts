import { readFileSync, statSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { browser, HAS_BROWSER } from '../support/browser.js';
import { tempDir } from '../support/cli.js';
import { add, corpusTrace, judgedTrace } from '../support/datasets.js';
import { runHere } from '../support/in-process.js';

const temp = tempDir();
const MANY = 5000;
const HOSTILE = '</script><img src=x onerror=alert(1)>';

/** 5,000 findings on lab1, of which lab2 has every tenth; one in five is an error. */
beforeAll(async () => {
  const judged = await judgedTrace(await corpusTrace('refcount.leak', temp('leak.arrow')));
  const [one] = judged.judgement.findings;
  const findings = Array.from({ length: MANY }, (_, i) => ({
    ...one,
    id: i.toString(16).padStart(8, '0'),
    rule: i % 2 === 0 ? 'refcount.leak' : 'lock-order.level',
    severity: i % 5 === 0 ? ('error' as const) : ('note' as const),
    title: i === 4321 ? `needle ${HOSTILE}` : `call site ${i}`,
    occurrences: [],
  }));
  const on = (host: string, content: string, some: typeof findings) =>
    add(temp('ds'), { ...judged, content, key: content, host, judgement: { ...judged.judgement, findings: some } });
  await on('lab1', 'first', findings);
  await on(
    HOSTILE,
    'second',
    findings.filter((_, i) => i % 10 === 0),
  );
  const written = await runHere(['trend', '--dataset', temp('ds'), '--format', 'html', '-o', temp('fleet.html')]);
  expect(written).toMatchObject({ code: 0, stdout: '' });
});

describe('the page of a fleet', () => {
  it('is one file of no more than its texts', () => {
    expect(statSync(temp('fleet.html')).size).toBeLessThan(MANY * 400);
    expect(readFileSync(temp('fleet.html'), 'utf8')).not.toContain(HOSTILE);
  });

  it('is for datasets', async () => {
    expect((await runHere(['trend', '--format', 'html'])).stderr).toContain('P2M_FORMAT');
  });

  describe.skipIf(!HAS_BROWSER)('in a browser', () => {
    const open = browser();

    it('shows what is chosen by text, severity, rule and host, a part at a time', async () => {
      const { page, problems, requests } = await open(temp('fleet.html'));
      const rows = () => page.locator('#findings tbody tr').count();
      const said = () => page.locator('form.search output').textContent();
      expect(await said()).toBe('5,000 of 5,000 findings, the first 200 shown');
      expect(await rows()).toBe(200);
      await page.getByRole('button', { name: 'Show more' }).click();
      expect(await rows()).toBe(400);

      await page.locator('select[name=severity]').selectOption('error');
      expect(await said()).toContain('1,000 of 5,000 findings');
      await page.locator('select[name=rule]').selectOption('lock-order.level');
      expect(await said()).toContain('500 of 5,000 findings');
      expect(await rows()).toBe(200);
      await page.locator('select[name=rule]').selectOption('');
      await page.locator('select[name=host]').selectOption(HOSTILE);
      // Those of every tenth are errors, and have an even number.
      expect(await said()).toContain('500 of 5,000 findings');
      await page.locator('select[name=severity]').selectOption('note');
      expect(await said()).toBe('0 of 5,000 findings');

      await page.locator('select[name=severity]').selectOption('');
      await page.locator('select[name=host]').selectOption('');
      await page.getByLabel('Search').fill('NEEDLE level');
      expect(await said()).toBe('1 of 5,000 findings');
      expect(await page.locator('#findings tbody td').first().textContent()).toBe(`needle ${HOSTILE}`);
      expect(await page.locator('#findings img').count()).toBe(0);
      await page.getByLabel('new on a host').check();
      expect(await said()).toBe('0 of 5,000 findings');
      expect(problems).toEqual([]);
      expect(requests).toEqual([]);
    });
  });
});
