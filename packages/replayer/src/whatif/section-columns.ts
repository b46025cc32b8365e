import type { ReadBatch } from '@p2mtrace/trace-format';

/** What sections are read from. */
export const SECTION_COLUMNS = [
  'kind',
  'pcpu',
  'tsc',
  'domid',
  'view',
  'gfn',
  'mfn',
  'order',
  'owner',
  'lock',
  'lock_class',
  'level',
  'mode',
  'depth',
  'flags',
  'caller',
  'symbol',
  'arg0',
  'arg1',
] as const;
export type SectionBatch = ReadBatch<(typeof SECTION_COLUMNS)[number]>;
