import type { Custom, Finding } from './finding.js';
import { findingId } from './finding-id.js';

/** Fewer opportunities show no custom. */
const FEWEST = 20;

/** Opportunities of a rule's mechanism in the whole trace, and what they are. */
export type AllOf = (finding: Finding) => { readonly times: number; readonly what: string } | undefined;

/**
 * What contradicts a belief nearly always is how this hypervisor works, and the model does not know: all findings of
 * such a mechanism become one note. What Xen itself asserts stays what it is, however often it happens, and so does what
 * happens rarely.
 */
export function foldCustoms(findings: readonly Finding[], allOf: AllOf): { findings: Finding[]; customs: Custom[] } {
  const told: Finding[] = [];
  const customs: Custom[] = [];
  for (const same of byMechanism(findings)) {
    const [first] = same;
    const all = allOf(first);
    const count = same.reduce((sum, finding) => sum + finding.count, 0);
    if (all === undefined || !isCustom(first, count, all.times)) {
      told.push(...same);
      continue;
    }
    const { rule, mechanism, basis } = first;
    // One opportunity may be missed in several ways.
    const of = Math.max(all.times, count);
    customs.push({ rule, mechanism, basis, count, of, what: all.what });
    told.push(noteOf(same, count, { times: of, what: all.what }));
  }
  return { findings: told, customs };
}

/** True if what happened so often out of so many is how this hypervisor works. */
export function isCustom({ basis }: Pick<Finding, 'basis'>, count: number, times: number): boolean {
  return basis !== 'asserted' && times >= FEWEST && count * 2 > times;
}

function byMechanism(findings: readonly Finding[]): Finding[][] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const name = `${finding.rule} ${finding.mechanism}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [finding]);
    else group.push(finding);
  }
  return [...groups.values()];
}

/** One note for all of them. */
function noteOf(
  same: readonly Finding[],
  count: number,
  all: { readonly times: number; readonly what: string },
): Finding {
  const [first] = same;
  const signature = `${first.rule} | routine=${first.mechanism ?? 'all'}`;
  const times = count.toLocaleString('en-US');
  return {
    ...first,
    id: findingId(signature),
    signature,
    severity: 'note',
    confidence: 'possible',
    title: `${first.title}: this hypervisor does so routinely; if that is wrong, it is wrong ${times} times`,
    count,
    of: { ...all, at: 'trace' },
    occurrences: same.flatMap(({ occurrences }) => occurrences),
  };
}
