import { BatchMemory, type ColumnName, DOMID_FIRST_RESERVED, isValid, type TraceReader } from '@p2mtrace/trace-format';
import { DOMIDS } from '../memory/keys.js';

/** Every domain that an event names or that runs, except Xen's own. @throws P2mError P2M_DAMAGED */
export function domainsOf(reader: TraceReader): number[] {
  return valuesOf(reader, ['domid', 'owner', 'cur_domid']).filter(domid => domid < DOMID_FIRST_RESERVED);
}

/** Every pcpu that has events. @throws P2mError P2M_DAMAGED */
export function pcpusOf(reader: TraceReader): number[] {
  return valuesOf(reader, ['pcpu']);
}

/** The values in these columns, in order. */
function valuesOf(
  reader: TraceReader,
  names: readonly (ColumnName & ('domid' | 'owner' | 'cur_domid' | 'pcpu'))[],
): number[] {
  const found = new Uint8Array(DOMIDS);
  const memory = new BatchMemory();
  for (const info of reader.batches) {
    const { columns, validity } = reader.read(info, names, memory);
    for (const name of names) {
      for (let row = 0; row < info.rows; row++) if (isValid(validity[name], row)) found[columns[name][row]] = 1;
    }
  }
  return [...found.keys()].filter(value => found[value] === 1);
}
