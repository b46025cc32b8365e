import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { asset } from '../assets.js';
import { html, Markup } from './html.js';

/** d3's build for browsers. */
function d3(): string {
  const main = createRequire(import.meta.url).resolve('d3');
  return readFileSync(fileURLToPath(new URL('../dist/d3.min.js', `file://${main}`)), 'utf8');
}

/** Escapes what would end a script element. */
const script = (text: string) => new Markup(text.replace(/<\/(?=script)/gi, '<\\/'));

/** What draws charts and tells findings. */
const reportScripts = () => [d3(), asset('report.js')];

/** A page in one file that loads nothing else; its policy forbids that. `links`: targets of the skip list. */
export function page(
  title: string,
  links: readonly (readonly [id: string, text: string])[],
  body: Markup,
  scripts: readonly string[] = reportScripts(),
): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Markup(asset('report.css'))}</style></head>
<body><a class="skip" href="#main">To the report</a>
<nav aria-label="Parts of the report"><ul>${links.map(([id, text]) => html`<li><a href="#${id}">${text}</a></li>`)}</ul></nav>
<main id="main" tabindex="-1">
${body}
</main>
${scripts.map(text => html`<script>${script(text)}</script>\n`)}</body></html>
`.text;
}
