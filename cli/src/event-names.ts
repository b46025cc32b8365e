import { recordOf } from '@p2mtrace/trace-format';

/** Classes of ids that are not in p2mtrace's table, by the bits above the minor (xen/include/public/trace.h). */
const CLASSES: readonly (readonly [bits: number, name: string])[] = [
  [0x0001, 'general'],
  [0x0002, 'scheduler'],
  [0x0004, 'domain control'],
  [0x0008, 'HVM'],
  [0x0010, 'memory'],
  [0x0020, 'PV'],
  [0x0040, 'shadow'],
  [0x0080, 'hardware'],
];

/** The name of a record by its id in the health report (`0x0010f004`), or its class in brackets. */
export function eventName(id: string): string {
  const number = Number(id);
  const known = recordOf(number);
  if (known !== undefined) return known.name;
  const name = CLASSES.find(([bits]) => number >>> 16 === bits)?.[1];
  return name === undefined ? '' : `(${name})`;
}
