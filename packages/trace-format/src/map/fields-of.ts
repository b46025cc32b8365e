import { EVENT_FIELDS, type EventField } from '../ndjson/event-fields.js';
import { KIND, type KindName } from '../schema/kinds.js';

/** The fields of a kind by their names in NDJSON. */
export const fieldsOf = (name: KindName): ReadonlyMap<string, EventField> => EVENT_FIELDS[KIND[name]].byName;
