import { counted } from '../render/cell.js';
import { doubtsLine } from '../strict.js';
import type { AuditOptions } from './audit-options.js';
import type { AuditRun } from './run-audit.js';

/** Why an audit says nothing, or too little; empty if all is as expected. `now` is the time of the audit. */
export function shortfallsOf(
  { results, newest }: Pick<AuditRun, 'results' | 'newest'>,
  { expect, maxAge, strict }: Pick<AuditOptions, 'expect' | 'maxAge' | 'strict'>,
  now: Date,
): string[] {
  const judged = results.filter(({ problem }) => problem === null).length;
  const found: string[] = [];
  if (results.length === 0) found.push('there is no trace to judge');
  if (expect !== undefined && judged < expect) {
    found.push(`${counted(judged, 'trace')} could be judged, ${expect} expected`);
  }
  if (maxAge !== undefined && newest !== undefined && now.getTime() - newest.getTime() > maxAge) {
    found.push(`no trace is newer than ${maxAge / 3.6e6} h: the newest is of ${newest.toISOString()}`);
  }
  if (maxAge !== undefined && newest === undefined && results.length > 0) found.push('no trace could be judged');
  if (strict === true) {
    for (const { path, doubts } of results) if (doubts.length > 0) found.push(doubtsLine(path, doubts));
  }
  return found;
}
