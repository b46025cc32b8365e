import { usageError } from '@p2mtrace/trace-format/errors';

/** Parameters of a request, checked as they are read. */
export class Query {
  private readonly params: URLSearchParams;

  constructor(params: URLSearchParams) {
    this.params = params;
  }

  /** @throws P2mError P2M_UI_QUERY (usage) if it is missing */
  text(name: string): string {
    const value = this.params.get(name);
    if (value === null) throw bad(`${name} is missing`);
    return value;
  }

  optional(name: string): string | undefined {
    return this.params.get(name) ?? undefined;
  }

  /** A whole number that is exact. @throws P2mError P2M_UI_QUERY (usage) */
  whole(name: string, byDefault?: number): number {
    const value = this.params.get(name);
    if (value === null && byDefault !== undefined) return byDefault;
    const number = value !== null && /^-?\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
    if (!Number.isSafeInteger(number)) throw bad(`${name} is no whole number below 2^53`);
    return number;
  }

  /** One of some words. @throws P2mError P2M_UI_QUERY (usage) */
  oneOf<T extends string>(name: string, words: readonly T[]): T {
    const found = words.find(word => word === this.params.get(name));
    if (found === undefined) throw bad(`${name} is none of ${words.join(', ')}`);
    return found;
  }

  /** Different whole numbers with commas between them, so many at most. @throws P2mError P2M_UI_QUERY (usage) */
  numbers(name: string, most: number): number[] {
    const values = this.text(name)
      .split(',')
      .map(text => (/^\d{1,15}$/.test(text) ? Number(text) : Number.NaN));
    if (values.length > most || values.some(Number.isNaN) || new Set(values).size < values.length) {
      throw bad(`${name} is no list of at most ${most} different numbers`);
    }
    return values;
  }
}

const bad = (what: string) => usageError('P2M_UI_QUERY', what, 'load the page again: it is of another version');
