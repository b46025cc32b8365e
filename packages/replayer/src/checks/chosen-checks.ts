import { isRecorded } from '@p2mtrace/trace-format';
import type { Note } from '../facts/fact-recorder.js';
import { wantsFacts } from '../facts/fact-sink.js';
import { BREACH_SPEC, OPPORTUNITY_SPEC } from '../facts/fact-specs.js';
import type { CheckOptions, CheckShare, ReplayOptions, TraceHead } from '../replay-options.js';
import type { AnyCheck } from './check.js';
import { CHECKS } from './registry.js';

/** The checks that a replay is to run: none where nobody wants what they find or count. */
export function chosenChecks(head: TraceHead, { facts, checks = {} }: ReplayOptions): readonly AnyCheck[] {
  const isWanted = facts !== undefined && [BREACH_SPEC, OPPORTUNITY_SPEC].some(spec => wantsFacts(facts, spec));
  return isWanted ? checksOf(head, checks) : [];
}

/** Notes that they read. */
export const notesOf = (checks: readonly AnyCheck[]): readonly Note[] => checks.flatMap(({ needs }) => needs);

/** The shares that have checks to run, where two replays share them. */
export function sharesOf(head: TraceHead, options: CheckOptions): ReadonlySet<CheckShare> {
  return new Set(checksOf(head, options).map(({ share }) => share));
}

function checksOf({ metadata }: TraceHead, { rules, share }: CheckOptions): readonly AnyCheck[] {
  return CHECKS.filter(check => {
    const isChosen = rules === undefined ? !check.policy : rules.includes(check.rule);
    const isShared = share === undefined || check.share === share;
    return isChosen && isShared && (check.ifRecorded?.some(kind => isRecorded(metadata, kind)) ?? true);
  });
}
