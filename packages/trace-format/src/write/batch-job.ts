import type { BatchMessages } from '../ipc/batch-messages.js';
import type { BatchMessage } from '../ipc/encode-message.js';
import { FIRST_SEQ_KEY, FIRST_TSC_KEY, LAST_TSC_KEY } from '../ipc/file-format.js';
import type { EventBatch } from '../kernel/event-batch.js';
import { PRESENT } from '../schema/columns.js';
import { getU64 } from '../u64.js';

/** All that is needed to write a batch, besides its memory. */
export interface BatchJob {
  readonly rows: number;
  readonly rawBytes: number;
  /** seq of the first row. */
  readonly firstSeq: number;
  /** The file, and the message's offset in it; in a compressed trace, that of the first one only: others follow it. */
  readonly fd: number;
  readonly at: number;
  /** Incomplete until the body, which follows it, is written. */
  readonly message: BatchMessage;
  /** Without compression. */
  readonly bodyBytes: number;
  /** Messages to be written in front of it, in a compressed trace. */
  readonly lead: readonly Uint8Array[];
}

/** Gives a full batch its place in the table and in the file. */
export function batchJob(
  batch: EventBatch,
  messages: BatchMessages,
  firstSeq: number,
  fd: number,
  at: number,
  lead: readonly Uint8Array[],
): BatchJob {
  const { rows, rawBytes } = batch;
  const { message, bodyBytes } = messages.encode(rows, rawBytes, seekNumbers(batch, firstSeq));
  return { rows, rawBytes, firstSeq, fd, at, message, bodyBytes, lead };
}

function seekNumbers({ rows, present, columns }: EventBatch, firstSeq: number): [string, bigint][] {
  const numbers: [string, bigint][] = [[FIRST_SEQ_KEY, BigInt(firstSeq)]];
  let first = 0;
  while (first < rows && (present[first] & PRESENT.tsc) === 0) first++;
  if (first === rows) return numbers;
  let last = rows - 1;
  while ((present[last] & PRESENT.tsc) === 0) last--;
  numbers.push([FIRST_TSC_KEY, getU64(columns.tsc, first)], [LAST_TSC_KEY, getU64(columns.tsc, last)]);
  return numbers;
}
