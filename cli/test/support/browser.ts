import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';

/** Debian's package chromium; CHROMIUM names another. */
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** False, and said, where there is no browser to test in. */
export const HAS_BROWSER = existsSync(CHROMIUM);
if (!HAS_BROWSER)
  console.warn(`skipped: tests in a browser, as ${CHROMIUM} is absent (package chromium, or CHROMIUM=)`);

/** A page that was opened, with what went wrong in it and what it asked for besides itself. */
export interface Opened {
  readonly page: Page;
  readonly problems: readonly string[];
  readonly requests: readonly string[];
}

/** A browser for the tests of a file; opens files in it. */
export function browser(): (path: string, scheme?: 'light' | 'dark') => Promise<Opened> {
  let started: Browser;
  beforeAll(async () => {
    // As root, which containers run tests as, Chromium has no sandbox.
    started = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });
  afterAll(() => started?.close());
  return async (path, colorScheme = 'light') => {
    const page = await started.newPage({ viewport: { width: 1200, height: 900 }, colorScheme });
    const url = pathToFileURL(path).href;
    const problems: string[] = [];
    const requests: string[] = [];
    page.on('pageerror', ({ message }) => problems.push(message));
    page.on('console', message => problems.push(`${message.type()}: ${message.text()}`));
    page.on('request', request => {
      if (request.url() !== url && !request.url().startsWith('data:')) requests.push(request.url());
    });
    await page.goto(url);
    return { page, problems, requests };
  };
}
