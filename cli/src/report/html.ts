import { htmlText } from '../text/html-text.js';

/** Markup that can be used as it is; anything else is text and gets escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What a template accepts: null and undefined are empty. */
type Value = Markup | string | number | null | undefined | readonly Value[];

/** A template of HTML: values are escaped unless they are markup. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(parts.map((part, i) => part + (i < values.length ? valueText(values[i]) : '')).join(''));
}

function valueText(value: Value): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Markup) return value.text;
  return Array.isArray(value) ? value.map(valueText).join('') : htmlText(String(value));
}

/** JSON inside a script element, which it must not end. */
export function scriptJson(value: unknown): Markup {
  return new Markup(JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028'));
}

/** A table with these headings; numbers are right-aligned. */
export function table(heads: readonly string[], rows: readonly (readonly Value[])[]): Markup {
  return html`<div class="scroll"><table><thead><tr>${heads.map(head => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>
${rows.map(row => html`<tr>${row.map(cell)}</tr>\n`)}</tbody></table></div>`;
}

function cell(value: Value): Markup {
  return typeof value === 'number'
    ? html`<td class="number">${value.toLocaleString('en-US')}</td>`
    : html`<td>${value}</td>`;
}
