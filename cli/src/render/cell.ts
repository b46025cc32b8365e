import { jsonText } from './json.js';

/** A value as text for people and for CSV; null is empty. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value) && value.every(part => typeof part === 'string')) return value.join(' ');
  return typeof value === 'object' ? jsonText(value) : String(value);
}

/** 1,054,037: numbers in sentences. */
export function count(value: number): string {
  // toLocaleString takes 15 ms, once, for what it knows of all languages.
  return Number.isSafeInteger(value) ? String(value).replace(/\B(?=(?:\d{3})+$)/g, ',') : value.toLocaleString('en-US');
}

/** `1 page`, `2 pages`, `2 batches`. */
export function counted(value: number, noun: string): string {
  const ending = value === 1 ? '' : noun.endsWith('ch') ? 'es' : 's';
  return `${count(value)} ${noun}${ending}`;
}
