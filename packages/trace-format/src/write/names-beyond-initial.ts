import { P2mError } from '../errors.js';
import type { TraceRows } from '../read/trace-rows.js';
import { DICTIONARIES, DICTIONARY_NAMES, type DictionaryName } from '../schema/columns.js';
import type { NewNames } from './writer.js';

/**
 * Names of the growing dictionaries that a new trace does not begin with. Passed with its first batch, they give names
 * the same numbers as in the trace that rows are copied from. @throws P2mError P2M_SCHEMA
 */
export function namesBeyondInitial(reader: Pick<TraceRows, 'names' | 'path'>): NewNames {
  const names: Partial<Record<DictionaryName, readonly string[]>> = {};
  for (const name of DICTIONARY_NAMES) {
    const { grows, names: initial } = DICTIONARIES[name];
    if (!grows) continue;
    const found = reader.names[name];
    if (!initial.every((value, i) => found[i] === value)) {
      throw new P2mError('P2M_SCHEMA', `the trace numbers its names of ${name} in another order`, {
        place: { file: reader.path },
        remedy: 'another tool wrote it: p2mtrace export and import number them anew',
      });
    }
    if (found.length > initial.length) names[name] = found.slice(initial.length);
  }
  return names;
}
