import { visible } from './visible.js';

/** Text of a workflow command, of several lines that are ours. */
export function githubText(...lines: readonly string[]): string {
  return lines.map(line => encoded(visible(line))).join('%0A');
}

/** A property of a workflow command. */
export function githubProperty(text: string): string {
  return encoded(visible(text)).replace(/:/g, '%3A').replace(/,/g, '%2C');
}

const encoded = (text: string): string => text.replace(/%/g, '%25');
