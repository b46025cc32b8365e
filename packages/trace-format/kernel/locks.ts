import { ignoredIf, putU8, putU16, putU32, REFUSED } from './columns';
import { ADDRESS, COLUMN, FLAG, LOCK_LEVELS, PRESENT } from './constants';
import { MISSING, putCaller, putLock } from './names';

/** Decodes lock_acquire, lock_release and lock_wait of an instrumented hypervisor (docs/format.md#the-extension). */
export function decodeLock(kind: u32, row: u32, at: u32): u32 {
  const level = load<u32>(at, 8);
  const word = load<u32>(at, 12);
  if ((word & 0xff) > 2 || level > 0xffff) return REFUSED;
  const lock = putLock(row, at);
  if (lock === REFUSED || lock === MISSING) return lock;
  const caller = putCaller(row, at + 16);
  if (caller === MISSING) return MISSING;
  putU8(COLUMN.kind, row, kind);
  putU16(COLUMN.level, row, level);
  putU8(COLUMN.mode, row, word);
  putU32(COLUMN.flags, row, (word & 0x100) === 0 ? 0 : FLAG.recursive);
  putU16(COLUMN.depth, row, word >>> 16);
  const columns = lock | caller | PRESENT.level | PRESENT.mode | PRESENT.flags | PRESENT.depth;
  const present = columns | ignoredIf(word & 0xfe00);
  const lockClass = level < LOCK_LEVELS ? load<u8>(ADDRESS.lockClasses + level) : 0;
  if (lockClass === 0) return present;
  putU16(COLUMN.lock_class, row, lockClass - 1);
  return present | PRESENT.lock_class;
}
