/*
 * Traces in the std format have threads, locks and variables by name. Here a thread is a pcpu, a lock a lock whose class
 * is its name, and a variable a frame that is read and written (page_use). A fork or join is a write and a read of a
 * frame that stands for the begin or the end of the thread.
 */

/** Frames of variables begin here; those of begins and ends of threads, by pcpu. */
export const FIRST_VARIABLE = 0x1000;
export const FIRST_BEGIN = 2 ** 32;
export const FIRST_END = 2 ** 33;
/** pcpus have 16 bits. */
export const MOST_THREADS = 2 ** 16;

/** Address of the lock with this index. */
export const lockAddress = (index: number): string =>
  `0x${(0xffff_8300_0000_0000n + BigInt(index) * 64n).toString(16)}`;
