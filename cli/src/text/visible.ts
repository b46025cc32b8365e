/**
 * Characters that are not seen but do something: controls and escapes, line ends, what turns the direction of text or
 * hides in it, halves of surrogate pairs.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** Of text of many lines: a space without width that breaks a mention or reference is ours (markdownText). */
const HIDDEN_BUT_LAYOUT =
  /[^\P{Cc}\n\t]|(?!(?<=@)\u200b(?=[\p{L}\p{N}])|(?<=#)\u200b(?=\p{N}))[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** Most text has nothing else. */
const IS_PLAIN = /^[\n\t\x20-\x7e]*$/;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Text of a trace, a plugin or a file name for one line: hidden characters are written as in JSON. */
export function visible(text: string): string {
  return text.replace(HIDDEN, written);
}

/** The same for text of many lines, whose line ends and tabs are ours. JSON text keeps its meaning. */
export function visibleText(text: string): string {
  return IS_PLAIN.test(text) ? text : text.replace(HIDDEN_BUT_LAYOUT, written);
}

/** A copy of plain data in which every text is visible, each for one line. */
export function visibly<T>(data: T): T {
  if (typeof data === 'string') return visible(data) as T;
  if (Array.isArray(data)) return data.map(part => visibly<unknown>(part)) as T;
  if (typeof data !== 'object' || data === null || Object.getPrototypeOf(data) !== Object.prototype) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [visible(key), visibly<unknown>(value)])) as T;
}

function written(hidden: string): string {
  const units = Array.from({ length: hidden.length }, (_, i) => hidden.charCodeAt(i));
  return SHORT[hidden] ?? units.map(unit => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
