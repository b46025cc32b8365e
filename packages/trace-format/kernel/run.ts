import { putU16, putU64, REFUSED } from './columns';
import { ADDRESS, CLASS_MASK, COLUMN, CURSOR, EXIT, IGNORED, MEM_CLASS, NO_ROW, PRESENT, RUN } from './constants';
import { decode } from './decode';
import { MISSING, missingAt, missingExit } from './names';

/** Payload of a record: after its header and its TSC, if it has one. */
function payloadOf(header: u32, at: u32): u32 {
  return at + 4 + ((header >>> 31) << 3);
}

/** End of a record. */
function endOf(header: u32, at: u32): u32 {
  return payloadOf(header, at) + (((header >>> 28) & 7) << 2);
}

/** Counts a record by memIndex. */
function count(header: u32): void {
  const counter = ADDRESS.counts + (((header >>> 16) & 0x7000) | (header & 0xfff)) * 8;
  store<u64>(counter, load<u64>(counter) + 1);
}

/** Counts a record of which something was ignored, by minor. */
function countIgnored(header: u32): void {
  const counter = ADDRESS.ignored + (header & 0xfff) * 8;
  store<u64>(counter, load<u64>(counter) + 1);
}

/** Writes the columns that all records have. */
function putCommon(row: u32, present: u32, cursor: u32, tsc: u64, own: bool): void {
  putU16(COLUMN.pcpu, row, load<u32>(cursor, CURSOR.pcpu * 4));
  let all = present | PRESENT.pcpu;
  if (tsc !== 0) {
    putU64(COLUMN.tsc, row, tsc);
    all |= PRESENT.tsc;
  }
  if (own) all |= PRESENT.tsc_own;
  if (load<u32>(cursor, CURSOR.isRunning * 4) !== 0) {
    const current = load<u32>(cursor, CURSOR.current * 4);
    putU16(COLUMN.cur_domid, row, current >>> 16);
    putU16(COLUMN.cur_vcpu, row, current);
    all |= PRESENT.cur_domid | PRESENT.cur_vcpu;
  }
  store<u32>(load<u32>(COLUMN.present) + row * 4, all);
}

/**
 * Writes the cursor's record, which must be complete, and those after it, until one has a TSC that is not before the
 * limit (or equal to it, if the cursor loses ties), or is not complete. Returns an EXIT: all but `done` are left to
 * TypeScript, which calls again. `written`: the columns of the cursor's record if TypeScript has decoded it, NO_ROW if
 * it makes no row, otherwise 0.
 */
export function run(cursor: u32, written: u32): u32 {
  const words = load<u32>(cursor, CURSOR.words * 4);
  const end = words + load<u32>(cursor, CURSOR.end * 4) * 4;
  const limit = load<u64>(ADDRESS.run, RUN.limit * 4);
  const winsTies = load<u32>(ADDRESS.run, RUN.winsTies * 4) !== 0;
  const rowEnd = load<u32>(ADDRESS.run, RUN.rowEnd * 4);
  let row = load<u32>(ADDRESS.run, RUN.row * 4);
  let at = words + load<u32>(cursor, CURSOR.pos * 4) * 4;
  let own = load<u32>(cursor, CURSOR.own * 4) !== 0;
  let tsc = load<u64>(cursor, CURSOR.tsc * 4);
  let lastTsc = load<u64>(cursor, CURSOR.lastTsc * 4);
  let records: u32 = 0;
  let withoutTsc: u32 = 0;
  let exit: u32 = EXIT.done;
  let present = written;
  for (;;) {
    const header = load<u32>(at);
    if (present === 0) {
      if (row === rowEnd) {
        exit = EXIT.full;
        break;
      }
      if ((header & CLASS_MASK) !== MEM_CLASS) {
        exit = EXIT.other;
        break;
      }
      present = decode(header, row, payloadOf(header, at));
      if (present === MISSING) {
        exit = missingExit;
        break;
      }
      count(header);
      if (present === REFUSED) {
        exit = EXIT.other;
        break;
      }
      if ((present & IGNORED) !== 0) {
        countIgnored(header);
        present &= ~IGNORED;
      }
    }
    records++;
    if (!own) withoutTsc++;
    if (present !== NO_ROW) putCommon(row++, present, cursor, tsc, own);
    present = 0;

    at = endOf(header, at);
    if (at >= end) break;
    const next = load<u32>(at);
    if (endOf(next, at) > end) break;
    // Records without a TSC follow their predecessor (docs/xen.md#windows-and-order).
    own = next >>> 31 !== 0;
    if (!own) continue;
    tsc = load<u64>(at, 4);
    if (tsc < lastTsc) store<u32>(cursor, load<u32>(cursor, CURSOR.backwards * 4) + 1, CURSOR.backwards * 4);
    lastTsc = tsc;
    if (tsc > limit || (tsc === limit && !winsTies)) break;
  }
  store<u32>(cursor, (at - words) >>> 2, CURSOR.pos * 4);
  store<u32>(cursor, own ? 1 : 0, CURSOR.own * 4);
  store<u64>(cursor, tsc, CURSOR.tsc * 4);
  store<u64>(cursor, lastTsc, CURSOR.lastTsc * 4);
  store<u32>(ADDRESS.run, row, RUN.row * 4);
  store<u32>(ADDRESS.run, load<u32>(ADDRESS.run, RUN.records * 4) + records, RUN.records * 4);
  store<u32>(ADDRESS.run, load<u32>(ADDRESS.run, RUN.withoutTsc * 4) + withoutTsc, RUN.withoutTsc * 4);
  store<u32>(ADDRESS.run, missingAt, RUN.missing * 4);
  return exit;
}
