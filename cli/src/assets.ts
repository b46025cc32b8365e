import { readFileSync } from 'node:fs';

/** The text of a file of assets/. This module lies as deep as the bundle that it becomes a part of. */
export const asset = (name: string): string => readFileSync(new URL(`../assets/${name}`, import.meta.url), 'utf8');
