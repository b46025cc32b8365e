import { recordOf } from '@p2mtrace/trace-format';

/** Classes of ids that no record of p2mtrace's table has, by the bits above the minor (xen/include/public/trace.h). */
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

/** The name of a record's id as the health report has it (`0x0010f004`), or its class in brackets. */
export function eventName(id: string): string {
  const number = Number(id);
  const known = recordOf(number);
  if (known !== undefined) return known.name;
  const name = CLASSES.find(([bits]) => number >>> 16 === bits)?.[1];
  return name === undefined ? '' : `(${name})`;
}
