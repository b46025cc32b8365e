import { type BoundRule, confirmQuery, type FoundOccurrence, type Story, type StoryStep } from '@p2mtrace/analyzers';
import type { Doer } from '@p2mtrace/replayer';
import type { TraceReader } from '@p2mtrace/trace-format';
import { type Clock, secondsAt } from '../render/clock.js';
import { type TraceFacts, traceFacts } from '../render/trace-facts.js';
import { pathWord } from '../text/shell-text.js';

/** A witness: when, where and by whom. */
export interface Witness {
  readonly seq: number;
  readonly roles: readonly string[];
  /** Since the first TSC of the trace; null where the frequency or the TSC is unknown. */
  readonly seconds: number | null;
  readonly step: StoryStep;
  readonly by: Doer;
  /** Line of source of its call site; null where the trace does not say (p2mtrace symbolize). */
  readonly line: string | null;
}

/** What there is to say of one occurrence of a finding. */
export interface Account {
  readonly found: FoundOccurrence;
  readonly story: Story;
  readonly rule: BoundRule;
  readonly trace: TraceFacts;
  readonly witnesses: readonly Witness[];
  /** Commands that show it again, each as its words. */
  readonly commands: readonly (readonly string[])[];
  /** The rule's query, for this occurrence. */
  readonly confirm: string | undefined;
}

/** `path` and `settings`: the trace as the user named it, and the options without which it reads differently. */
export function accountOf(
  reader: TraceReader,
  found: FoundOccurrence,
  story: Story,
  rule: BoundRule,
  clock: Clock | undefined,
  { path, settings }: { readonly path: string; readonly settings: readonly string[] },
): Account {
  const { finding, number, occurrence } = found;
  const about = [pathWord(path), `${finding.id}#${number}`];
  const command = (name: string, ...more: string[]) => ['p2mtrace', name, ...about, ...more, ...settings];
  return {
    found,
    story,
    rule,
    trace: traceFacts(reader, clock?.hz),
    witnesses: story.steps.map(step => ({
      seq: step.event.seq,
      roles: step.roles,
      seconds: secondsAt(clock, step.event.tsc),
      step,
      by: step.by,
      line: (step.by.caller === null ? undefined : reader.metadata.lines?.[step.by.caller]) ?? null,
    })),
    commands: [command('explain'), command('slice', '-o', `${finding.id}.arrow`)],
    confirm: rule.confirm === undefined ? undefined : confirmQuery(rule.confirm, occurrence),
  };
}
