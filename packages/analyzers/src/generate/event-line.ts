/** An event as NDJSON has it. */
export type EventLine = Readonly<Record<string, unknown>>;
/** What a thread does next: an event, or it waits for a lock. */
export type Step = EventLine | 'wait';
export type Thread = Generator<Step, void>;

export const hex = (value: number): string => `0x${value.toString(16)}`;

/** A call site: an address that stands for the function's name. */
export function site(symbol: string): EventLine {
  let hash = 0;
  for (const character of symbol) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0;
  return { caller: `0xffff82d04${(hash & 0xfff_ffff).toString(16).padStart(7, '0')}`, symbol };
}
