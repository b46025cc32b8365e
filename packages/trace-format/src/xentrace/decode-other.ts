import type { ColumnArrays } from '../kernel/event-batch.js';
import { NO_ROW } from '../kernel/kernel-layout.js';
import { PRESENT } from '../schema/columns.js';
import { KIND } from '../schema/kinds.js';
import { RECORDS, recordOf } from '../schema/record-table.js';
import { EVENT_MASK, extraWords, recordWords } from '../schema/xentrace-records.js';
import { getU64 } from '../u64.js';
import type { PcpuCursor } from './cursor.js';
import type { HealthCounter } from './health.js';

const { domid: DOMID, gfn: GFN, mfn: MFN, p2m_type: TYPE, arg0: ARG0, arg1: ARG1 } = PRESENT;

const { lostRecords: LOST, wrapBuffer: WRAP, continueRunning: CONTINUE, domAdd: ADD, domRem: REM, npf: NPF } = RECORDS;
const { runstateChange: RUNSTATE } = RECORDS;

/** True for an event id outside TRC_MEM that has its own kind. */
export const hasOtherKind = (event: number): boolean => (recordOf(event)?.kinds.length ?? 0) > 0;

/** On the wire, a vcpu is one word: its number in the low half, its domid in the high half. */
const domidIn = (word: number): number => word >>> 16;
const vcpuIn = (word: number): number => word & 0xffff;

/**
 * Decodes records of other classes: who runs where, lost records, and nested page faults (docs/xen.md#lost-records,
 * docs/xen.md#who-runs-where).
 */
export class OtherDecoder {
  private readonly columns: ColumnArrays;
  private readonly types: Uint8Array;
  private readonly health: HealthCounter;

  /** `types`: dictionary index of each wire p2m type, 255 for none. */
  constructor(columns: ColumnArrays, types: Uint8Array, health: HealthCounter) {
    this.columns = columns;
    this.types = types;
    this.health = health;
  }

  /**
   * Decodes the record at `pos` into a row, counts it, and updates the vcpu that runs in the cursor. Returns the
   * columns of the row (bits of PRESENT), 0 if the contents fit none, NO_ROW for a record that makes no row.
   */
  decode(cursor: PcpuCursor, row: number, words: Uint32Array, pos: number): number {
    const event = words[pos] & EVENT_MASK;
    const count = extraWords(words[pos]);
    const at = pos + recordWords(words[pos]) - count;
    this.health.countOther(event);
    const c = this.columns;
    if ((event & ~RUNSTATE.idBits) === RUNSTATE.id && count === RUNSTATE.words) {
      const [oldState, newState] = [(event >>> 8) & 3, (event >>> 4) & 3];
      if (newState === 0) cursor.current = words[at];
      else if (oldState === 0 && cursor.current === words[at]) cursor.current = -1;
      c.kind[row] = KIND.sched_switch;
      c.domid[row] = domidIn(words[at]);
      c.arg0[2 * row] = vcpuIn(words[at]);
      c.arg1[2 * row] = (oldState << 4) | newState;
      return DOMID | ARG0 | ARG1;
    }
    switch (event) {
      case CONTINUE.id:
        if (count !== CONTINUE.words) return 0;
        cursor.current = words[at];
        c.kind[row] = KIND.sched_switch;
        c.domid[row] = domidIn(words[at]);
        c.arg0[2 * row] = vcpuIn(words[at]);
        c.arg1[2 * row] = 0;
        return DOMID | ARG0 | ARG1;
      case ADD.id:
      case REM.id:
        if (count !== ADD.words || words[at] > 0xffff) return 0;
        c.kind[row] = event === ADD.id ? KIND.domain_create : KIND.domain_destroy;
        c.domid[row] = words[at];
        return DOMID;
      case NPF.id:
        return count === NPF.words ? this.decodeNpf(row, words, at) : 0;
      case LOST.id:
        return count === LOST.words ? this.decodeLost(cursor, row, words, at) : 0;
      case WRAP.id:
        return NO_ROW;
      default:
        return 0;
    }
  }

  private decodeNpf(row: number, words: Uint32Array, at: number): number {
    const c = this.columns;
    const type = this.types[words[at + 5] & 0xff];
    if (type === 255 || words[at + 5] > 255) return 0;
    c.kind[row] = KIND.npf;
    // The record has a byte address (docs/xen.md#npf-record).
    c.gfn[2 * row] = (words[at] >>> 12) | (words[at + 1] << 20);
    c.gfn[2 * row + 1] = words[at + 1] >>> 12;
    c.p2m_type[row] = type;
    c.arg0[2 * row] = words[at];
    c.arg0[2 * row + 1] = words[at + 1];
    c.arg1[2 * row] = words[at + 4];
    const present = GFN | TYPE | ARG0 | ARG1;
    // INVALID_MFN is all ones (docs/xen.md#m2p).
    if (words[at + 2] === 0xffff_ffff && words[at + 3] === 0xffff_ffff) return present;
    c.mfn[2 * row] = words[at + 2];
    c.mfn[2 * row + 1] = words[at + 3];
    return present | MFN;
  }

  private decodeLost(cursor: PcpuCursor, row: number, words: Uint32Array, at: number): number {
    const c = this.columns;
    c.kind[row] = KIND.lost;
    c.arg0[2 * row] = words[at];
    c.arg1[2 * row] = words[at + 2];
    c.arg1[2 * row + 1] = words[at + 3];
    // The vcpu that ran when the record was written runs now. Here the domid is in the low half.
    cursor.current = ((words[at + 1] << 16) | (words[at + 1] >>> 16)) >>> 0;
    this.health.lost.push({
      pcpu: cursor.pcpu,
      count: words[at],
      firstTsc: getU64(c.arg1, row).toString(),
      tsc: getU64(cursor.tsc, 0).toString(),
    });
    return ARG0 | ARG1;
  }
}
