import { GRANULE_ORDER, type LockDesign } from '../../src/whatif/design.js';

/** One thing that a pcpu does, `ticks` after the one before. A section claims `first` to `last` where it begins. */
export interface NaiveOp {
  readonly kind: 'lock' | 'unlock' | 'begin' | 'claim' | 'end' | 'map' | 'unmap';
  readonly res: number;
  readonly ticks: number;
  readonly seq: number;
  readonly first?: number;
  readonly last?: number;
  readonly whole?: boolean;
  /** Of a beginning: the section writes. Of a claim: for a write. */
  readonly writes?: boolean;
  /** Recorded as taken for reading. */
  readonly shared?: boolean;
  /** Number of the mapping that is built or ends. */
  readonly mapping?: number;
}

interface Held {
  readonly p: number;
  readonly res: number;
  readonly first: number;
  readonly last: number;
  readonly writes: boolean;
  /** Of a mapping of p, which is not in p's way and which others may end. */
  readonly mapping?: number;
}
interface Request extends Held {
  readonly since: number;
  readonly isUpgrade: boolean;
  readonly isP2m: boolean;
  /** Since when a mapping is in its way. */
  mappedSince?: number | undefined;
}
interface Section {
  readonly res: number;
  readonly at: number;
  readonly since: number;
  readonly seq: number;
  readonly writes: boolean;
  /** How many locks its pcpu had when it began, of those that it still has. */
  locksBefore: number;
  wait: number;
}
interface Pcpu {
  at: number;
  now: number;
  due: number;
  sections: Section[];
  locks: number[];
  carried: number;
  /** Its section has started again: it passes nobody, and knows what it needs and how old it is. */
  again: { readonly times: number; readonly since: number; readonly first: number; readonly last: number } | undefined;
}

export interface NaiveResult {
  readonly waits: readonly number[];
  readonly otherWait: number;
  readonly makespan: number;
  readonly deadlocks: number;
  readonly forced: number;
  readonly broken: number;
  /** What was waited from when a mapping was in the way. */
  readonly mappingWaits: readonly number[];
  readonly upgrades: number;
  readonly peak: number;
  readonly mean: number;
  readonly granules: number;
  /** Pcpus of each deadlock. */
  readonly told: readonly (readonly number[])[];
}

/**
 * The same experiment as `Simulation`, written down as one would tell it: who is due first does one thing, and after each
 * release everybody who waits is looked at in the order in which they came.
 */
export function simulateNaively(
  streams: readonly (readonly NaiveOp[])[],
  design: LockDesign,
  keepsMappings = false,
): NaiveResult {
  const { discipline, granularity, upgrade, fairness } = design;
  const ranges = granularity !== null && granularity !== 'all' ? 2 ** GRANULE_ORDER[granularity] : 0;
  const isExclusive = discipline === 'exclusive' || discipline === 'range-exclusive';
  let held: Held[] = [];
  const queue: Request[] = [];
  const waits: number[] = [];
  const told: number[][] = [];
  const mappingWaits: number[] = [];
  /** Mappings that were broken, or ended before they began. */
  const gone = new Set<number>();
  const pcpus = streams.map(
    (ops): Pcpu => ({
      at: 0,
      now: 0,
      due: ops[0]?.ticks ?? 0,
      sections: [],
      locks: [],
      carried: 0,
      again: undefined,
    }),
  );
  let [otherWait, makespan, deadlocks, upgrades, forced, broken] = [0, 0, 0, 0, 0, 0];
  let [area, busy, peak, clock, granules] = [0, 0, 0, 0, 0];

  const isWaiting = (p: number) => queue.some(request => request.p === p);
  const overlap = (a: Held, b: Held) => a.res === b.res && a.first <= b.last && b.first <= a.last;
  const conflict = (a: Held, b: Held) => a.p !== b.p && overlap(a, b) && (a.writes || b.writes);
  const isAhead = (earlier: Request, later: Request) =>
    !later.isUpgrade &&
    !(fairness === 'reader-preference' && !later.writes && pcpus[later.p].again === undefined) &&
    conflict(earlier, later);
  const isMapping = ({ mapping }: Held) => mapping !== undefined;
  /** Who keeps a request waiting: those who have something (-1 for a mapping), and those who came before. */
  const blockers = (request: Request): number[] => {
    const place = queue.indexOf(request);
    const before = place < 0 ? queue : queue.slice(0, place);
    return [
      ...held.filter(one => conflict(one, request)).map(one => (isMapping(one) ? -1 : one.p)),
      ...before.filter(one => isAhead(one, request)).map(({ p }) => p),
    ];
  };

  const measure = (time: number) => {
    if (time <= clock) return;
    const open = pcpus.filter(({ sections }) => sections.length > 0).length;
    const working = pcpus.filter(({ sections }, p) => sections.length > 0 && !isWaiting(p)).length;
    area += working * (time - clock);
    if (open > 0) busy += time - clock;
    peak = Math.max(peak, working);
    clock = time;
  };
  const countGranules = () => {
    const all = new Set<string>();
    for (const { res, first, last } of held) {
      if (!p2ms.has(res)) continue;
      if (!Number.isFinite(last)) all.add(`${res} whole`);
      else for (let g = first; g <= last; g++) all.add(`${res} ${g}`);
    }
    granules = Math.max(granules, all.size);
  };
  const p2ms = new Set(streams.flat().flatMap(({ kind, res }) => (kind === 'begin' || kind === 'map' ? [res] : [])));

  const goOn = (p: number, time: number) => {
    const pcpu = pcpus[p];
    pcpu.now = time;
    pcpu.due = time + (streams[p][pcpu.at]?.ticks ?? 0);
  };
  const has = (request: Held) =>
    held.some(
      one =>
        one.p === request.p &&
        !isMapping(one) &&
        one.res === request.res &&
        one.first <= request.first &&
        request.last <= one.last &&
        (one.writes || !request.writes),
    );
  const grant = (request: Request, time: number) => {
    held.push(request);
    countGranules();
    const wait = time - request.since;
    if (request.mappedSince !== undefined) mappingWaits.push(time - request.mappedSince);
    if (!request.isP2m) otherWait += wait;
    else {
      const section = pcpus[request.p].sections.findLast(({ res }) => res === request.res);
      if (section !== undefined) section.wait += wait;
    }
  };
  const lookAtQueue = (time: number) => {
    for (const request of [...queue]) {
      if (blockers(request).length > 0) continue;
      queue.splice(queue.indexOf(request), 1);
      grant(request, time);
      goOn(request.p, time);
    }
  };
  /** Everybody that waits for p, be it through others, and p for them. */
  const circle = (p: number): number[] => {
    const reach = (from: number) => {
      const found = new Set<number>();
      const visit = (v: number) => {
        const request = queue.find(one => one.p === v);
        for (const w of request === undefined ? [] : blockers(request)) {
          if (found.has(w) || !isWaiting(w)) continue;
          found.add(w);
          visit(w);
        }
      };
      visit(from);
      return found;
    };
    const ahead = reach(p);
    return [...ahead].filter(q => reach(q).has(p));
  };
  /** What the pcpu would give back if its outermost section started again. */
  const given = (p: number): number[] => {
    const { sections, locks } = pcpus[p];
    return sections.length === 0 ? [] : [...sections.map(({ res }) => res), ...locks.slice(sections[0].locksBefore)];
  };
  const restart = (p: number, time: number) => {
    const pcpu = pcpus[p];
    const request = queue.find(one => one.p === p);
    if (request === undefined) throw new Error('who does not wait is in no circle');
    queue.splice(queue.indexOf(request), 1);
    const [outer] = pcpu.sections;
    if (request.mappedSince !== undefined) mappingWaits.push(time - request.mappedSince);
    if (!request.isP2m) otherWait += time - request.since;
    const known = [...held, ...(request.isP2m ? [request] : [])].filter(
      one => one.p === p && one.res === outer.res && !isMapping(one),
    );
    pcpu.again = {
      times: 1 + (pcpu.again?.times ?? 0),
      since: outer.since,
      first: Math.min(...known.map(({ first }) => first)),
      last: Math.max(...known.map(({ last }) => last)),
    };
    pcpu.carried = pcpu.sections.reduce((sum, { wait }) => sum + wait, 0) + (request.isP2m ? time - request.since : 0);
    const lost = given(p);
    held = held.filter(one => one.p !== p || isMapping(one) || !lost.includes(one.res));
    pcpu.at = outer.at;
    pcpu.locks = pcpu.locks.slice(0, outer.locksBefore);
    pcpu.sections = [];
    pcpu.now = time;
    pcpu.due = time;
    lookAtQueue(time);
  };
  const resolve = (p: number, time: number) => {
    while (isWaiting(p)) {
      const members = circle(p);
      if (members.length === 0) return;
      deadlocks++;
      told.push([...members].sort((a, b) => a - b));
      const wanted = queue.filter(one => members.includes(one.p));
      const helps = (q: number) =>
        (pcpus[q].again?.times ?? 0) < 16 &&
        held.some(
          one =>
            one.p === q && !isMapping(one) && given(q).includes(one.res) && wanted.some(want => conflict(one, want)),
        );
      const [victim] = members.filter(helps).sort((a, b) => {
        const [x, y] = [pcpus[a].sections[0], pcpus[b].sections[0]];
        return y.since - x.since || y.seq - x.seq || b - a;
      });
      if (victim !== undefined) {
        restart(victim, time);
        continue;
      }
      const request = queue.find(one => one.p === p);
      if (request === undefined) return;
      force(request, time);
    }
  };
  /** Gives it what it waits for, whoever has it. */
  const force = (request: Request, time: number) => {
    forced++;
    queue.splice(queue.indexOf(request), 1);
    grant(request, time);
    goOn(request.p, time);
    lookAtQueue(time);
  };
  /** False if it has to wait. */
  const ask = (claim: Held, time: number, isP2m: boolean): boolean => {
    if (isP2m && has(claim)) return true;
    const isUpgrade =
      isP2m && claim.writes && held.some(one => one.p === claim.p && !isMapping(one) && overlap(one, claim));
    if (isUpgrade && !isExclusive && upgrade === 'convert') upgrades++;
    const request: Request = { ...claim, since: time, isUpgrade, isP2m };
    if (blockers(request).length === 0) {
      grant(request, time);
      return true;
    }
    if (blockers(request).includes(-1)) request.mappedSince = time;
    queue.push(request);
    resolve(claim.p, time);
    return false;
  };
  const claimOf = (p: number, op: NaiveOp, section: Section): Held => {
    const isBegin = op.kind === 'begin';
    const { again } = pcpus[p];
    const declares = upgrade === 'declare' || (upgrade === 'convert' && again !== undefined);
    let writes = isExclusive || (declares && section.writes);
    if (upgrade === 'convert' && !isBegin && op.writes === true) writes = true;
    if (discipline === 'recorded') writes = op.shared !== true;
    if (ranges === 0) return { p, res: op.res, first: 0, last: 0, writes };
    if (again !== undefined && isBegin && pcpus[p].sections.length === 1) {
      return { p, res: op.res, first: again.first, last: again.last, writes };
    }
    const granule = (gfn: number | undefined) => Math.floor((gfn ?? 0) / ranges);
    if (op.whole === true) return { p, res: op.res, first: -Infinity, last: Infinity, writes };
    return { p, res: op.res, first: granule(op.first), last: granule(op.last), writes };
  };

  /** Shared from now on, whoever waits; those for whom that is one more in their way wait for it too. */
  const map = (p: number, op: NaiveOp, time: number) => {
    const mapping = op.mapping ?? -1;
    if (gone.delete(mapping) || held.some(one => one.mapping === mapping)) return;
    const granule = (gfn: number | undefined) => (ranges === 0 ? 0 : Math.floor((gfn ?? 0) / ranges));
    const claim = { p, res: op.res, first: granule(op.first), last: granule(op.last), writes: false, mapping };
    held.push(claim);
    countGranules();
    for (const request of queue) if (conflict(claim, request)) request.mappedSince ??= time;
  };
  const unmap = ({ mapping = -1 }: NaiveOp, time: number) => {
    if (!held.some(one => one.mapping === mapping)) {
      if (!gone.delete(mapping)) gone.add(mapping);
      return;
    }
    held = held.filter(one => one.mapping !== mapping);
    lookAtQueue(time);
  };
  const isTried = discipline !== 'refuse' && discipline !== 'recorded';

  let steps = 0;
  for (;;) {
    if (++steps > 20_000) throw new Error('it does not come to an end');
    let next = -1;
    for (let p = 0; p < pcpus.length; p++) {
      if (isWaiting(p) || pcpus[p].at >= streams[p].length) continue;
      const seq = (q: number) => streams[q][pcpus[q].at].seq;
      const earlier = next < 0 || pcpus[p].due < pcpus[next].due;
      if (earlier || (pcpus[p].due === pcpus[next].due && seq(p) < seq(next))) next = p;
    }
    if (next < 0) {
      // Nobody can go on: mappings in the way of one who waits are broken, or else the first gets what it wants.
      const waiting = queue.toSorted((a, b) => a.p - b.p);
      if (waiting.length === 0) break;
      const time = Math.max(makespan, ...pcpus.map(({ now }) => now));
      const inTheWay = waiting
        .map(({ res }) => held.filter(one => isMapping(one) && waiting.some(v => v.res === res && conflict(one, v))))
        .find(mappings => mappings.length > 0);
      if (inTheWay === undefined) force(waiting[0], time);
      else {
        held = held.filter(one => !inTheWay.includes(one));
        for (const { mapping } of inTheWay) gone.add(mapping ?? -1);
        broken += inTheWay.length;
        lookAtQueue(time);
      }
      continue;
    }
    const pcpu = pcpus[next];
    const time = pcpu.due;
    measure(time);
    const at = pcpu.at++;
    const op = streams[next][at];
    makespan = Math.max(makespan, time);
    let goes = true;
    if (op.kind === 'lock') {
      pcpu.locks.push(op.res);
      goes = ask({ p: next, res: op.res, first: 0, last: 0, writes: op.shared !== true }, time, false);
    } else if (op.kind === 'unlock') {
      const place = pcpu.locks.lastIndexOf(op.res);
      if (place >= 0) pcpu.locks.splice(place, 1);
      for (const section of pcpu.sections) if (place >= 0 && place < section.locksBefore) section.locksBefore--;
      held = held.filter(one => one.p !== next || isMapping(one) || one.res !== op.res);
      lookAtQueue(time);
    } else if (op.kind === 'map') {
      if (keepsMappings && isTried) map(next, op, time);
    } else if (op.kind === 'unmap') {
      if (keepsMappings && isTried) unmap(op, time);
    } else if (op.kind === 'begin') {
      const since = pcpu.sections.length === 0 ? (pcpu.again?.since ?? time) : time;
      const [wait, locksBefore] = [pcpu.carried, pcpu.locks.length];
      const section = { res: op.res, at, since, seq: op.seq, writes: op.writes === true, locksBefore, wait };
      pcpu.carried = 0;
      pcpu.sections.push(section);
      if (discipline !== 'refuse') goes = ask(claimOf(next, op, section), time, true);
    } else if (op.kind === 'claim') {
      const section = pcpu.sections.findLast(({ res }) => res === op.res);
      const counts = ranges > 0 || (upgrade === 'convert' && op.writes === true);
      if (section !== undefined && counts && isTried) goes = ask(claimOf(next, op, section), time, true);
    } else {
      const place = pcpu.sections.findLastIndex(({ res }) => res === op.res);
      if (place >= 0) {
        const [section] = pcpu.sections.splice(place, 1);
        if (pcpu.sections.length === 0) pcpu.again = undefined;
        if (section.wait > 0) waits.push(section.wait);
      }
      held = held.filter(one => one.p !== next || isMapping(one) || one.res !== op.res);
      lookAtQueue(time);
    }
    if (goes) goOn(next, time);
  }
  return {
    waits: waits.sort((a, b) => a - b),
    otherWait,
    makespan,
    deadlocks,
    forced,
    broken,
    mappingWaits,
    upgrades,
    peak,
    mean: busy === 0 ? 0 : area / busy,
    granules,
    told,
  };
}
