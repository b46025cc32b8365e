import { isValid, type TraceReader, usageError } from '@p2mtrace/trace-format';
import { ColumnBatch } from './column-batch.js';
import { lockIndex, type Subject } from './subject.js';

/** Most locks that an error lists. */
const LISTED = 8;

/**
 * Index of the one lock that a subject names: by address, or by a class of which the trace has only one lock.
 * @throws P2mError P2M_SUBJECT (usage), P2M_DAMAGED
 */
export function oneLock(reader: TraceReader, { lock }: Extract<Subject, { about: 'lock' }>): number {
  const { address, lockClass } = lockIndex(reader.names, lock);
  if (address >= 0) return address;
  const locks = [...locksOfClass(reader, lockClass)];
  if (locks.length === 1) return locks[0];
  const addresses = locks.slice(0, LISTED).map(index => reader.names.lock[index]);
  const more = locks.length > LISTED ? ', …' : '';
  throw usageError(
    'P2M_SUBJECT',
    locks.length === 0 ? `the trace has no lock of class ${lock}` : `${locks.length} locks are of class ${lock}`,
    locks.length === 0 ? 'name one by its address' : `name one by its address: ${addresses.join(', ')}${more}`,
  );
}

function locksOfClass(reader: TraceReader, lockClass: number): Set<number> {
  const batch = new ColumnBatch(reader);
  const locks = new Set<number>();
  for (const info of reader.batches) {
    batch.open(info);
    const [classes, indices, validity] = [
      batch.values('lock_class'),
      batch.values('lock'),
      batch.validity('lock_class'),
    ];
    for (let row = 0; row < info.rows; row++) {
      if (classes[row] === lockClass && isValid(validity, row)) locks.add(indices[row]);
    }
  }
  return locks;
}
