import { PRESENT } from '../columns.js';
import { FLAG } from '../flags.js';
import { KIND } from '../kinds.js';
import { mmLockOfLevel } from '../xen-enums.js';
import type { DecodeContext, Decoders } from './decode-context.js';
import { MEM } from './records.js';

const { lock: LOCK, lock_class: LOCK_CLASS, level: LEVEL, mode: MODE, depth: DEPTH, flags: FLAGS } = PRESENT;

/** As constants of the module: looking them up by name for every record would show. */
const { lock_acquire: K_LOCK_ACQUIRE, lock_release: K_LOCK_RELEASE, lock_wait: K_LOCK_WAIT } = KIND;
const { recursive: F_RECURSIVE } = FLAG;

/** Decoders of the lock events of an instrumented hypervisor (model §2.1). */
export function lockDecoders({ columns, names, putCaller }: DecodeContext): Decoders {
  const { kind, lock, lock_class, level, mode, depth, flags } = columns;
  const locks = names.lock;

  function decodeLock(event: number, row: number, words: Uint32Array, at: number): number {
    const wireLevel = words[at + 2];
    const word = words[at + 3];
    if ((word & 0xff) > 2 || wireLevel > 0xffff) return 0;
    const index = locks.of(words, at);
    if (index < 0) return 0;
    kind[row] = event;
    lock[row] = index;
    level[row] = wireLevel;
    mode[row] = word;
    flags[row] = (word & 0x100) === 0 ? 0 : F_RECURSIVE;
    depth[row] = word >>> 16;
    const present = LOCK | LEVEL | MODE | FLAGS | DEPTH | putCaller(row, words, at + 4);
    const lockClass = mmLockOfLevel(wireLevel);
    if (lockClass < 0) return present;
    lock_class[row] = lockClass;
    return present | LOCK_CLASS;
  }

  return {
    [MEM.lockAcquire]: (row, words, at) => decodeLock(K_LOCK_ACQUIRE, row, words, at),
    [MEM.lockRelease]: (row, words, at) => decodeLock(K_LOCK_RELEASE, row, words, at),
    [MEM.lockWait]: (row, words, at) => decodeLock(K_LOCK_WAIT, row, words, at),
  };
}
