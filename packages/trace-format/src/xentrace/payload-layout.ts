import { MEM, MEM_WORDS } from '../schema/record-table.js';
import { CLASS_MASK, extraWords, MEM_CLASS, recordWords } from '../schema/xentrace-records.js';

/** Input that is searched for such records; the garbage of the old layout may be zeros for a long time. */
const SEARCH_BYTES = 64 << 20;

/**
 * Finds out whether PoD and decrease_reservation payloads have the layout of Xen ≤ 4.17 or the one since
 * (docs/xen.md#mem-records-before-4-18). Both have the same size; the old one packs domid and order into one word and
 * leaves garbage in the next.
 */
export class PayloadSniffer {
  private oldProofs = 0;
  private newFits = 0;
  private searched = 0;

  get done(): boolean {
    return this.oldProofs > 0 || this.searched >= SEARCH_BYTES;
  }

  /** `old` as soon as one record can't be new; `new` if all fit it; undefined if there were none. */
  get layout(): 'old' | 'new' | undefined {
    if (this.oldProofs > 0) return 'old';
    return this.newFits > 0 ? 'new' : undefined;
  }

  /** Looks at the records of one window. */
  feed(words: Uint32Array, end = words.length): void {
    this.searched += end * 4;
    for (let at = 0; at < end && !this.done; ) {
      const header = words[at];
      const next = at + recordWords(header);
      if (next > end) break;
      const minor = header & 0xfff;
      const isMem = (header & CLASS_MASK) === MEM_CLASS;
      if (isMem && MEM_WORDS[minor] === extraWords(header)) this.look(minor, words, next);
      at = next;
    }
  }

  /** The two words in question are the payload's last. */
  private look(minor: number, words: Uint32Array, end: number): void {
    if (
      minor !== MEM.podPopulate &&
      minor !== MEM.podZeroReclaim &&
      minor !== MEM.podSplinter &&
      minor !== MEM.decreaseReservation
    ) {
      return;
    }
    if (words[end - 2] > 0xffff || words[end - 1] > 18) this.oldProofs++;
    else this.newFits++;
  }
}
