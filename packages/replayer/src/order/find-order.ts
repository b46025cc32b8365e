import { type Chain, type ChainEvent, mustPrecede, type Words } from './chain-event.js';

/** More events of one frame at once have too many possible orders, so they are not sorted out. */
export const MAX_EVENTS = 24;
/** Steps after which a search is given up. */
const MAX_STEPS = 20_000;

/**
 * An order of all these events, within their windows, in which each count follows from the one before. The search
 * starts from the recorded order and returns the first it meets; undefined if there is none.
 */
export function findOrder(
  events: readonly ChainEvent[],
  start: Words,
  chain: Chain,
  slack: number,
): readonly ChainEvent[] | undefined {
  if (events.length > MAX_EVENTS) return undefined;
  /** By event: those that must come before it, as bits. */
  const needs = events.map(event =>
    events.reduce(
      (bits, other, i) => (other !== event && mustPrecede(other, event, slack) ? bits | (1 << i) : bits),
      0,
    ),
  );
  const all = 2 ** events.length - 1;
  const dead = new Set<string>();
  const order: ChainEvent[] = [];
  let steps = 0;
  const search = (placed: number, words: Words): boolean => {
    if (placed === all) return true;
    const key = `${placed} ${words?.low} ${words?.high}`;
    if (dead.has(key) || ++steps > MAX_STEPS) return false;
    for (let i = 0; i < events.length; i++) {
      if ((placed & (1 << i)) !== 0 || (needs[i] & ~placed) !== 0) continue;
      const next = chain.after(words, events[i]);
      if (next === undefined) continue;
      order.push(events[i]);
      if (search(placed | (1 << i), next)) return true;
      order.pop();
    }
    dead.add(key);
    return false;
  };
  return search(0, start) ? order : undefined;
}
