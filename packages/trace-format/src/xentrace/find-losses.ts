import { RECORDS } from '../schema/record-table.js';
import { EVENT_MASK, extraWords, recordWords } from '../schema/xentrace-records.js';
import type { StreamLoss } from './stream-receiver.js';

const LOST = RECORDS.lostRecords.id;
/** Words of its payload: count, vcpu, first TSC. */
const WORDS = 4;

/** The records of loss in a window (docs/xen.md#lost-records). */
export function findLosses(words: Uint32Array, pcpu: number, found: (loss: StreamLoss) => void): void {
  for (let at = 0; at < words.length; ) {
    const header = words[at];
    const next = at + recordWords(header);
    if ((header & EVENT_MASK) === LOST && extraWords(header) === WORDS && next <= words.length) {
      const payload = next - WORDS;
      const firstTsc = (BigInt(words[payload + 3]) << 32n) | BigInt(words[payload + 2]);
      found({ pcpu, count: words[payload], firstTsc });
    }
    at = next;
  }
}
