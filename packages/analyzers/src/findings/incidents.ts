import type { Finding, Incident, Occurrence } from './finding.js';

/** Witnesses that come after what went wrong, and only show that it mattered. */
const AFTERMATH = new Set(['p2m_used_later', 'allocation_dropped', 'type_changed']);

/** Rules that explain those which find the same event. */
const EXPLAINS = new Set(['refcount.type-leak', 'refcount.put-too-many']);

/** How much of a finding must lie on what another one is about to have come of it. */
const SHARE = 0.5;

/** Occurrences of one subject in one finding: the first of them. */
interface Place {
  readonly finding: number;
  readonly seq: number;
  times: number;
}

/**
 * Findings that are about the same frames, or the same events, and come one after the other: at least half of a
 * finding's occurrences lie on what the other one went wrong with before. The first cause names the incident.
 */
export function incidentsOf(findings: readonly Finding[]): { findings: Finding[]; incidents: Incident[] } {
  const causes = firstCauses(findings);
  const members = new Map<number, number[]>();
  causes.forEach((cause, i) => {
    if (cause !== i) members.set(cause, [...(members.get(cause) ?? []), i]);
  });
  const incidents = [...members].map(([cause, follows]) => {
    const [first, others] = [findings[cause], follows.map(i => findings[i])];
    const what = others.map(({ count, title }) => `${counted(count)} × ${title}`);
    const ids = [...new Set(others.map(({ id }) => id))];
    return {
      cause: first.id,
      follows: ids,
      title: `${counted(first.count)} × ${first.title}; from it: ${what.join('; ')}`,
    };
  });
  const told = findings.map((finding, i) => {
    return members.has(causes[i]) ? { ...finding, incident: findings[causes[i]].id } : finding;
  });
  return { findings: told, incidents };
}

const counted = (count: number): string => count.toLocaleString('en-US');

/** By finding: the one that it came of in the end; itself where it stands alone. */
function firstCauses(findings: readonly Finding[]): number[] {
  const places = placesOf(findings);
  /** By later finding and earlier one: occurrences of the later one that lie on what the earlier one is about. */
  const shared = findings.map(() => new Map<number, number>());
  for (const there of places.values()) {
    if (there.length < 2) continue;
    for (const later of there) {
      for (const earlier of there) {
        // Findings of one rule are cases of one matter, not cause and consequence.
        if (findings[earlier.finding].rule === findings[later.finding].rule) continue;
        if (!isBefore(findings, earlier, later)) continue;
        const by = shared[later.finding];
        by.set(earlier.finding, (by.get(earlier.finding) ?? 0) + later.times);
      }
    }
  }
  const parents = shared.map((by, i) => {
    const candidates = [...by].filter(([cause, times]) => {
      // What only might go wrong is no cause of what did.
      if (findings[cause].severity === 'note' && findings[i].severity !== 'note') return false;
      return times >= findings[i].count * SHARE && times > (shared[cause].get(i) ?? 0);
    });
    // Of several the one that explains most, then the one that the list has first.
    return candidates.sort(([a, m], [b, n]) => n - m || a - b)[0]?.[0] ?? i;
  });
  return parents.map((_, i) => rootOf(parents, i));
}

function rootOf(parents: readonly number[], start: number): number {
  const seen = new Set([start]);
  let at = start;
  while (parents[at] !== at && !seen.has(parents[at])) {
    at = parents[at];
    seen.add(at);
  }
  // A ring has no first cause but the one that the list has first.
  return parents[at] === at ? at : Math.min(...seen);
}

function isBefore(findings: readonly Finding[], a: Place, b: Place): boolean {
  if (a.finding === b.finding) return false;
  if (a.seq !== b.seq) return a.seq < b.seq;
  const [explainsA, explainsB] = [a, b].map(({ finding }) => EXPLAINS.has(findings[finding].rule));
  return explainsA === explainsB ? a.finding < b.finding : explainsA;
}

function placesOf(findings: readonly Finding[]): Map<string, Place[]> {
  const places = new Map<string, Place[]>();
  findings.forEach(({ occurrences }, finding) => {
    for (const occurrence of occurrences) {
      const wrong = wrongAt(occurrence);
      for (const key of keysOf(occurrence)) {
        // What a page table maps follows from what is wrong with the table.
        const seq = key === `mfn ${occurrence.subject.table}` ? Number.POSITIVE_INFINITY : wrong;
        const there = places.get(key) ?? [];
        if (there.length === 0) places.set(key, there);
        const own = there.find(place => place.finding === finding);
        if (own === undefined) there.push({ finding, seq, times: 1 });
        else own.times++;
      }
    }
  });
  return places;
}

/** When it went wrong: the last witness of it. */
function wrongAt({ witness }: Occurrence): number {
  return Math.max(0, ...witness.filter(({ role }) => !AFTERMATH.has(role)).map(({ seq }) => seq));
}

/**
 * What ties an occurrence to others: its frame, and the page table that holds that; if it has none, its gfn; if it is
 * about locks, the events that show it, as a lock is taken a thousand times for a thousand reasons.
 */
function keysOf(occurrence: Occurrence): string[] {
  const { domid, gfn, mfn, lock, cycle, table } = occurrence.subject;
  if (typeof table === 'string') return [`mfn ${mfn}`, `mfn ${table}`];
  if (mfn !== undefined && mfn !== null) return [`mfn ${mfn}`];
  if (gfn !== undefined && gfn !== null) return [`gfn ${domid} ${gfn}`];
  return lock === undefined && cycle === undefined ? [] : occurrence.witness.map(({ seq }) => `seq ${seq}`);
}
