import { KIND, type KindName } from '@p2mtrace/trace-format';
import { anyOf } from './combine-filters.js';
import { columnIs } from './compare-column.js';
import type { EventFilter } from './event-filter.js';

/** Events of these kinds. */
export function ofKinds(...kinds: KindName[]): EventFilter {
  return anyOf(kinds.map(kind => columnIs('kind', '==', BigInt(KIND[kind]))));
}
