/** Markup that is ready to be shown; all else is text. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What may stand in a template: null and undefined are nothing. */
type Value = Markup | string | number | null | undefined | readonly Value[];

/** A template of HTML: what is put into it is escaped, unless it is markup itself. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(parts.map((part, i) => part + (i < values.length ? valueText(values[i]) : '')).join(''));
}

/** Text for HTML, be it between tags or in a quoted attribute. Controls that HTML can't hold are shown as such. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character as '&']).replace(/[^\P{Cc}\t\n\r]/gu, '\u{fffd}');
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function valueText(value: Value): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Markup) return value.text;
  return Array.isArray(value) ? value.map(valueText).join('') : escaped(String(value));
}

/** JSON inside of a script element: it must not end it. */
export function scriptJson(value: unknown): Markup {
  return new Markup(JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028'));
}

/** A table with these heads; a number stands to the right. */
export function table(heads: readonly string[], rows: readonly (readonly Value[])[]): Markup {
  return html`<div class="scroll"><table><thead><tr>${heads.map(head => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>
${rows.map(row => html`<tr>${row.map(cell)}</tr>\n`)}</tbody></table></div>`;
}

function cell(value: Value): Markup {
  return typeof value === 'number'
    ? html`<td class="number">${value.toLocaleString('en-US')}</td>`
    : html`<td>${value}</td>`;
}
