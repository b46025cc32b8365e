import type { BatchHeader } from '../ipc/decode-message.js';
import { FIRST_SEQ_KEY, FIRST_TSC_KEY, LAST_TSC_KEY } from '../ipc/file-format.js';

/** Where a batch lies, and what is known about it without reading it. */
export interface BatchInfo {
  readonly index: number;
  /** File offset of the body. */
  readonly body: number;
  readonly header: BatchHeader;
  readonly rows: number;
  readonly firstSeq: number;
  readonly firstTsc: bigint | undefined;
  readonly lastTsc: bigint | undefined;
}

/** What the batch's custom metadata says about it; nothing if another writer made it. */
export function batchInfo(header: BatchHeader, index: number, body: number, fallbackSeq: number): BatchInfo {
  const number = (key: string) => {
    const text = header.custom.get(key);
    return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : undefined;
  };
  const firstSeq = number(FIRST_SEQ_KEY);
  return {
    index,
    body,
    header,
    rows: header.rows,
    firstSeq: firstSeq === undefined ? fallbackSeq : Number(firstSeq),
    firstTsc: number(FIRST_TSC_KEY),
    lastTsc: number(LAST_TSC_KEY),
  };
}
