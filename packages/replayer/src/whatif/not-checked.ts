import { isRecorded, type TraceReader } from '@p2mtrace/trace-format';
import type { SectionReader } from './section-reader.js';
import type { WhatIfRow } from './what-if-row.js';

/** What the trace does not tell, and how far that goes. */
export function notChecked({ metadata }: TraceReader, { counts, hasClock, recordedWaits }: SectionReader): string[] {
  const has = (kind: string) => isRecorded(metadata, kind);
  const said: string[] = [];
  if (counts.sections === 0) said.push('no critical sections: neither p2m locks nor locked lookups were recorded');
  if (!hasClock) said.push('times: no event has a TSC, so that each event counts as one tick');
  else if (metadata.health?.order.confidence === 'approximate') said.push('times: few events have a TSC of their own');
  if (counts.sections > 0 && !has('lock_wait')) {
    said.push('recorded waits: no lock_wait events, so that what was waited counts as work before the lock');
  }
  if (counts.sections > 0 && !has('lock_acquire')) said.push('recorded locks: no lock_acquire events');
  if (counts.sections > 0 && !has('set_entry'))
    said.push('writers: no set_entry events, so that a lock for writing means a writer');
  if (!has('lookup') && counts.sections > 0)
    said.push('ranges: no lookup events; sections that write nothing claim all of the p2m');
  if (counts.withoutRange > 0)
    said.push(`ranges: ${counts.withoutRange} sections name no gfn and claim all of their p2m`);
  if (counts.cut > 0) said.push(`sections: ${counts.cut} were cut by a loss or the end of the trace`);
  if (counts.long > 0)
    said.push(`sections: ${counts.long} were too long to know how they end when they had to be judged`);
  if (counts.unexplained > 0) said.push(`recorded waits: ${counts.unexplained} have no recorded holder`);
  if (counts.overlaps > 0)
    said.push(`recorded locks: ${counts.overlaps} were taken before their holder's release is recorded`);
  if (recordedWaits.count === 0 && has('lock_wait')) said.push('recorded waits: none for a p2m lock');
  if (!has('grant_map') && !has('foreign_map')) said.push('foreign: no foreign or grant mappings were recorded');
  else if (counts.unknownMappings > 0) said.push(`foreign: the gfn of ${counts.unknownMappings} mappings is not known`);
  return said;
}

/** Designs under which something was given that others had: what they cost is a little too low. */
export function whatWasForced(rows: readonly WhatIfRow[]): string[] {
  return rows
    .filter(({ forced }) => forced > 0)
    .map(({ discipline, granularity, upgrade, forced }) => {
      const name = [discipline, granularity, upgrade].filter(part => part !== null).join(' ');
      return `waits of ${name}: ${forced} claims were given though others had them, as nobody could go on otherwise`;
    });
}
