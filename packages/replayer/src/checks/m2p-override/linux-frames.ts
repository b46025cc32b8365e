import { FLAG } from '@p2mtrace/trace-format';
import type { Member } from '../../memory/frame-members.js';
import { LINUX_BITS, LINUX_MFN, type LinuxState } from '../../state/linux-state.js';

/** Overrides of an mfn by pages of that domain, the oldest first. */
export function overridesOf(linux: LinuxState, domid: number, mfn: number): Member[] {
  return linux.overrides
    .of(mfn)
    .filter(member => member.domid === domid)
    .reverse();
}

/** The pfn is known to have FOREIGN(mfn). */
export function isForeign(linux: LinuxState, domid: number, pfn: number, mfn: number): boolean {
  const table = linux.pfns.get(domid);
  const at = table?.find(pfn) ?? -1;
  if (table === undefined || at < 0) return false;
  return table.data[at + LINUX_MFN] === mfn && (table.data[at + LINUX_BITS] & FLAG.foreign) !== 0;
}
