/** What the hypervisor itself printed of its planted defect, and which findings are about that. */

const LINE = /LAB (\w+) #(\d+) tsc=(\d+) cpu=(\d+) domid=(\d+) gfn=([0-9a-f]+) mfn=([0-9a-f]+) in (\w+)/g;
/** No frame: all bits are set. */
const NONE = /^f{16}$/;
/**
 * A record may be written that much before the line, which is printed when the harm is decided (TSC ticks): less than a
 * tenth of a second, in which the machine that QEMU runs on had something else to do.
 */
const BEFORE = 2e8;
/** How long after a strike without a frame its first witness may come. */
const WITHIN = 5e8;

const frame = hex => (NONE.test(hex) ? null : Number.parseInt(hex, 16));

/** The strikes in a console log. */
export function strikesIn(consoleText) {
  return [...consoleText.matchAll(LINE)].map(([, fault, n, tsc, cpu, domid, gfn, mfn, where]) => ({
    fault,
    n: Number(n),
    tsc: Number(tsc),
    cpu: Number(cpu),
    domid: Number(domid),
    gfn: frame(gfn),
    mfn: frame(mfn),
    where,
  }));
}

const number = value => (value === null || value === undefined ? null : Number(value));

/** All frames of an occurrence: its subject's, and its witnesses'. */
function framesOf({ subject, witness }) {
  const mfns = new Set();
  const gfns = new Set();
  for (const [name, value] of Object.entries(subject)) if (/mfn/.test(name)) mfns.add(number(value));
  const [domid, gfn] = [number(subject.domid), number(subject.gfn)];
  if (domid !== null && gfn !== null) gfns.add(`${domid}:${gfn}`);
  for (const { mfn, domid, gfn } of witness) {
    if (mfn !== null) mfns.add(Number(mfn));
    if (domid !== null && gfn !== null) gfns.add(`${domid}:${Number(gfn)}`);
  }
  return { mfns, gfns };
}

/** Whether an occurrence can have come of a strike. */
function cameOf(occurrence, strike) {
  const times = occurrence.witness
    .map(({ tsc }) => tsc)
    .filter(tsc => tsc !== null)
    .map(Number);
  const last = Math.max(...times);
  if (times.length > 0 && last < strike.tsc - BEFORE) return false;
  const { mfns, gfns } = occurrence.frames;
  // Locks have no frames.
  if ((strike.mfn === null && strike.gfn === null) || mfns.size + gfns.size === 0) {
    const near = times.some(tsc => Math.abs(tsc - strike.tsc) < WITHIN);
    return near && (occurrence.domids.size === 0 || occurrence.domids.has(strike.domid));
  }
  return (
    (strike.mfn !== null && mfns.has(strike.mfn)) || (strike.gfn !== null && gfns.has(`${strike.domid}:${strike.gfn}`))
  );
}

/** Whether an occurrence, or its finding, names the function that went wrong. */
const names = (occurrence, where) =>
  occurrence.signature.includes(where) ||
  Object.values(occurrence.subject).includes(where) ||
  occurrence.witness.some(({ symbol }) => symbol === where);

/** What became of the strikes of one fault, marking the occurrences that are about one. */
function resultOf(strikes, told, { rules, lastTsc, matched }) {
  const recorded = strikes.filter(({ tsc }) => tsc <= lastTsc);
  let [found, expected, named] = [0, 0, 0];
  const missed = [];
  for (const strike of recorded) {
    const own = told.filter(one => cameOf(one, strike));
    for (const one of own) matched.add(one);
    if (own.length === 0) missed.push(strike);
    else found++;
    if (own.some(({ rule }) => rules.includes(rule))) expected++;
    if (own.some(one => names(one, strike.where))) named++;
  }
  return { strikes: recorded.length, unrecorded: strikes.length - recorded.length, found, expected, named, missed };
}

/**
 * Compares the strikes of planted faults with what is found above a note. Occurrences have their finding's rule and
 * signature, and witnesses with the columns of their events (seq, tsc, domid, gfn, mfn, symbol). `rules` has by fault the
 * rules that are meant for it. Strikes behind the last record can't be found, and are not counted. What no strike
 * explains is in `others`.
 */
export function compare(strikes, occurrences, { rules, lastTsc }) {
  const told = occurrences.map(one => ({
    ...one,
    frames: framesOf(one),
    domids: new Set(one.witness.map(({ domid }) => domid).filter(domid => domid !== null)),
  }));
  const matched = new Set();
  const faults = Object.entries(rules).map(([fault, own]) => {
    const ofFault = strikes.filter(strike => strike.fault === fault);
    return { fault, ...resultOf(ofFault, told, { rules: own, lastTsc, matched }) };
  });
  const others = told.filter(one => !matched.has(one)).map(({ frames, domids, ...one }) => one);
  return { faults, findings: told.length, others };
}
