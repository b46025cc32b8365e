import { visible } from './visible.js';

/** Breaks a word for those who look for mentions and references in what was rendered, where no escape is left. */
const ZERO_WIDTH = '\u200b';

/** Text that Markdown shows as it is: no markup, HTML, entity, link, image, mention, reference or end of a table cell. */
export function markdownText(text: string): string {
  return visible(text)
    .replace(/ {2,}/g, ' ')
    .replace(/[\\|`*<>[\]!~&$]/g, '\\$&')
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
    .replace(/:\/\//g, ':\\//')
    .replace(/\bwww\./gi, found => `${found.slice(0, -1)}\\.`)
    .replace(/^(\s*)([-+=#])/, '$1\\$2')
    .replace(/@(?=[\p{L}\p{N}])|#(?=\p{N})/gu, `$&${ZERO_WIDTH}`);
}
