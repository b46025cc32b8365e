import { readFileSync } from 'node:fs';

/** The text of a file in assets/. This module is at the same depth as the bundle that it becomes part of. */
export const asset = (name: string): string => readFileSync(new URL(`../assets/${name}`, import.meta.url), 'utf8');
