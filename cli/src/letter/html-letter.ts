import { html, Markup } from '../report/html.js';
import { shellText } from '../text/shell-text.js';
import type { Block, Letter } from './letter.js';

/** As little as a page needs to be read, on paper too: what is pasted elsewhere leaves it behind. */
const STYLE = `body{max-width:48rem;margin:1.5rem auto;padding:0 1rem;font:15px/1.5 system-ui,sans-serif;color-scheme:light dark}
h1{font-size:1.3rem}h2{font-size:1.05rem;margin:1.3rem 0 .3rem}td{padding:.1rem 1rem .1rem 0;vertical-align:top}
pre{overflow-x:auto}li{margin:.3rem 0}`;

/** A letter as a page without script. */
export function htmlLetter({ subject, sections }: Letter): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${subject}</title>
<link rel="icon" href="data:,">
<style>${new Markup(STYLE)}</style></head>
<body><main>
<h1>${subject}</h1>
${sections.map(({ title, blocks }) => html`<section><h2>${title}</h2>\n${blocks.map(blockMarkup)}</section>\n`)}</main></body></html>
`.text;
}

function blockMarkup(block: Block): Markup {
  switch (block.kind) {
    case 'text':
      return html`<p>${block.text.trim()}</p>\n`;
    case 'facts':
      return html`<table>${block.rows.map(([name, value]) => html`<tr><th scope="row" align="left">${name}</th><td>${value}</td></tr>\n`)}</table>\n`;
    case 'steps':
      return html`<ol>${block.steps.map(
        ({ head, lines }) => html`<li>${head}${lines.map(line => html`<br>${line}`)}</li>\n`,
      )}</ol>\n`;
    case 'commands':
      return html`<pre>${block.commands.map(words => html`${words.map(shellText).join(' ')}\n`)}</pre>\n`;
    case 'sql':
      return html`<pre>${block.lines.map(line => html`${line}\n`)}</pre>\n`;
  }
}
