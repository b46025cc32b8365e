import { KINDS, type KindName } from '@p2mtrace/trace-format';

type KindGroup = (typeof KINDS)[number]['group'];

/** TRC_MEM: all that is judged. xentrace can't leave out a part of it. */
const MEM = 0x0010_f000;

/**
 * What can be recorded, by the name that `--events` gives it: the mask of `xentrace -e`, and the groups of kinds
 * (docs/format.md#kinds) that are kept of it.
 */
export const RECORDED_EVENTS: Readonly<
  Record<string, { readonly mask: number; readonly groups: readonly KindGroup[] }>
> = {
  p2m: { mask: MEM, groups: ['p2m', 'tlb', 'altp2m'] },
  refs: { mask: MEM, groups: ['page'] },
  locks: { mask: MEM, groups: ['lock'] },
  pod: { mask: MEM, groups: ['pod'] },
  grants: { mask: MEM, groups: ['grant'] },
  sharing: { mask: MEM, groups: ['sharing'] },
  paging: { mask: MEM, groups: ['paging'] },
  sched: { mask: 0x0002_f000, groups: [] },
  hvm: { mask: 0x0008_f000, groups: [] },
};

export const DEFAULT_EVENTS = Object.keys(RECORDED_EVENTS).filter(name => RECORDED_EVENTS[name].mask === MEM);

/** Creation and end of domains, without which nobody knows what a teardown may do: always recorded. */
const DOM0OP = 0x0004_f000;

/** The mask of `xentrace -e`. */
export function maskOf(events: readonly string[]): string {
  const mask = events.reduce((sum, name) => sum | RECORDED_EVENTS[name].mask, DOM0OP);
  return `0x${mask.toString(16).padStart(8, '0')}`;
}

/** Kinds that are kept, undefined for all: xentrace records more than was asked for. */
export function kindsOf(events: readonly string[]): KindName[] | undefined {
  if (DEFAULT_EVENTS.every(name => events.includes(name))) return undefined;
  const groups: readonly KindGroup[] = ['context', 'snapshot', ...events.flatMap(name => RECORDED_EVENTS[name].groups)];
  return KINDS.filter(({ group }) => groups.includes(group)).map(({ name }) => name);
}
