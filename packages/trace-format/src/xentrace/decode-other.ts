import type { ColumnArrays } from '../kernel/event-batch.js';
import { NO_ROW } from '../kernel/kernel-layout.js';
import { PRESENT } from '../schema/columns.js';
import { KIND } from '../schema/kinds.js';
import * as X from '../schema/xentrace-records.js';
import { getU64 } from '../u64.js';
import type { PcpuCursor } from './cursor.js';
import type { HealthCounter } from './health.js';

const { domid: DOMID, gfn: GFN, mfn: MFN, p2m_type: TYPE, arg0: ARG0, arg1: ARG1 } = PRESENT;

/** Ids outside TRC_MEM that have a kind of their own. */
const OTHER_KINDS = new Set<number>([
  X.TRC_SCHED_CONTINUE_RUNNING,
  X.TRC_DOM0_DOM_ADD,
  X.TRC_DOM0_DOM_REM,
  X.TRC_HVM_NPF,
  X.TRC_LOST_RECORDS,
]);

/** True for such an id, and those of runstate changes, which are many. */
export const hasOtherKind = (event: number): boolean =>
  OTHER_KINDS.has(event) || (event & X.RUNSTATE_MASK) === X.TRC_SCHED_RUNSTATE_CHANGE;

/** Decodes records of other classes: who runs where, what was lost, and nested page faults (X§1.3, X§1.7). */
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
   * Decodes the record at `pos` into a row, counts it, and notes at the cursor who runs. Returns the columns that the
   * row has (bits of PRESENT), 0 where the contents fit none, NO_ROW for a record that has nothing to tell.
   */
  decode(cursor: PcpuCursor, row: number, words: Uint32Array, pos: number): number {
    const event = words[pos] & X.EVENT_MASK;
    const count = X.extraWords(words[pos]);
    const at = pos + X.recordWords(words[pos]) - count;
    this.health.countOther(event);
    const c = this.columns;
    if ((event & X.RUNSTATE_MASK) === X.TRC_SCHED_RUNSTATE_CHANGE && count === 1) {
      const [oldState, newState] = [(event >>> 8) & 3, (event >>> 4) & 3];
      const vcpu = (((words[at] >>> 16) << 16) | (words[at] & 0xffff)) >>> 0;
      if (newState === 0) cursor.current = vcpu;
      else if (oldState === 0 && cursor.current === vcpu) cursor.current = -1;
      c.kind[row] = KIND.sched_switch;
      c.domid[row] = words[at] >>> 16;
      c.arg0[2 * row] = words[at] & 0xffff;
      c.arg1[2 * row] = (oldState << 4) | newState;
      return DOMID | ARG0 | ARG1;
    }
    switch (event) {
      case X.TRC_SCHED_CONTINUE_RUNNING:
        if (count !== 1) return 0;
        cursor.current = (((words[at] >>> 16) << 16) | (words[at] & 0xffff)) >>> 0;
        c.kind[row] = KIND.sched_switch;
        c.domid[row] = words[at] >>> 16;
        c.arg0[2 * row] = words[at] & 0xffff;
        c.arg1[2 * row] = 0;
        return DOMID | ARG0 | ARG1;
      case X.TRC_DOM0_DOM_ADD:
      case X.TRC_DOM0_DOM_REM:
        if (count !== 1 || words[at] > 0xffff) return 0;
        c.kind[row] = event === X.TRC_DOM0_DOM_ADD ? KIND.domain_create : KIND.domain_destroy;
        c.domid[row] = words[at];
        return DOMID;
      case X.TRC_HVM_NPF:
        return count === 6 ? this.decodeNpf(row, words, at) : 0;
      case X.TRC_LOST_RECORDS:
        return count === 4 ? this.decodeLost(cursor, row, words, at) : 0;
      case X.TRC_TRACE_WRAP_BUFFER:
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
    // The record has a byte address (X§0.10).
    c.gfn[2 * row] = (words[at] >>> 12) | (words[at + 1] << 20);
    c.gfn[2 * row + 1] = words[at + 1] >>> 12;
    c.p2m_type[row] = type;
    c.arg0[2 * row] = words[at];
    c.arg0[2 * row + 1] = words[at + 1];
    c.arg1[2 * row] = words[at + 4];
    const present = GFN | TYPE | ARG0 | ARG1;
    // INVALID_MFN is all ones (X§3.4).
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
    // Whoever ran when the record was written runs now.
    cursor.current = (((words[at + 1] & 0xffff) << 16) | (words[at + 1] >>> 16)) >>> 0;
    this.health.lost.push({
      pcpu: cursor.pcpu,
      count: words[at],
      firstTsc: getU64(c.arg1, row).toString(),
      tsc: getU64(cursor.tsc, 0).toString(),
    });
    return ARG0 | ARG1;
  }
}
