import { FLAG, getI53, getU53, isValid, type ReadBatch } from '@p2mtrace/trace-format';
import type { ReplayBatch } from './replay-batch.js';

/** Reads rows of rare kinds; code for frequent ones reads the columns itself. */

/**
 * A frame, domain, order, type or pcpu that the event does not have: -1, as none of them is negative. Values that may
 * be any number, like arg0, are NaN, and so are seqs; outside typed arrays and columns, absent is null
 * (CONTRIBUTING.md).
 */
export const ABSENT = -1;

export function gfnOf({ columns, validity }: ReplayBatch, row: number): number {
  return isValid(validity.gfn, row) ? getU53(columns.gfn, row) : ABSENT;
}

export function mfnOf({ columns, validity }: ReplayBatch, row: number): number {
  return isValid(validity.mfn, row) ? getU53(columns.mfn, row) : ABSENT;
}

/**
 * INVALID_MFN as p2m-pt.c reads it back from an entry, which has 40 bits for a frame. No machine has that much memory.
 */
const INVALID_IN_ENTRY = 2 ** 40 - 1;

/** Frame of a p2m entry. */
export function entryMfnOf(batch: ReplayBatch, row: number): number {
  const mfn = mfnOf(batch, row);
  return mfn === INVALID_IN_ENTRY ? ABSENT : mfn;
}

export function domidOf({ columns, validity }: ReplayBatch, row: number): number {
  return isValid(validity.domid, row) ? columns.domid[row] : ABSENT;
}

export function ownerOf({ columns, validity }: ReplayBatch, row: number): number {
  return isValid(validity.owner, row) ? columns.owner[row] : ABSENT;
}

export function pcpuOf({ columns, validity }: ReplayBatch, row: number): number {
  return isValid(validity.pcpu, row) ? columns.pcpu[row] : ABSENT;
}

/** The kind's first or second value, NaN if it has none; inexact from 2^53 on. */
export function arg0Of({ columns, validity }: ReplayBatch, row: number): number {
  return isValid(validity.arg0, row) ? getU53(columns.arg0, row) : Number.NaN;
}
export function arg1Of({ columns, validity }: ReplayBatch, row: number): number {
  return isValid(validity.arg1, row) ? getU53(columns.arg1, row) : Number.NaN;
}

/** The same for a signed value. */
export function signedArg0Of({ columns, validity }: ReplayBatch, row: number): number {
  return isValid(validity.arg0, row) ? getI53(columns.arg0, row) : Number.NaN;
}
export function signedArg1Of({ columns, validity }: ReplayBatch, row: number): number {
  return isValid(validity.arg1, row) ? getI53(columns.arg1, row) : Number.NaN;
}

/** True if the operation did not succeed: flag `failed`, or a negative return code. */
export function hasFailed({ columns, validity }: ReadBatch<'flags' | 'rc'>, row: number): boolean {
  return (columns.flags[row] & FLAG.failed) !== 0 || (columns.rc[row] < 0 && isValid(validity.rc, row));
}
