import { visible } from './visible.js';

/** Text for XML, between tags or in a quoted attribute, of several lines that are ours. */
export function xmlText(...lines: readonly string[]): string {
  return lines.map(line => visible(line).replace(/[&<>"\ufffe\uffff]/g, found => ENTITIES[found] ?? '')).join('\n');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
