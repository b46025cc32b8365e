import type { Rule, RuleRow } from '../define-analyzer.js';
import { ACQUISITIONS } from './lock-edges.js';

/** Sides of the deadlocks that another order of the events ends in, with names. */
const SIDES = `
  select c.cycle, c.side, c.confidence::varchar as confidence, c.pcpu, c.from_seq, c.held_seq, c.wanted_seq,
    h.address::varchar as held, hc.name::varchar as held_class, c.held_mode::varchar as held_mode,
    hs.symbol::varchar as held_site,
    w.address::varchar as wanted, wc.name::varchar as wanted_class, c.wanted_mode::varchar as wanted_mode,
    ws.symbol::varchar as wanted_site
  from lock_cycles c
  left join locks h on h.id = c.held
  left join lock_classes hc on hc.id = c.held_class
  left join callers hs on hs.id = c.held_caller
  left join locks w on w.id = c.wanted
  left join lock_classes wc on wc.id = c.wanted_class
  left join callers ws on ws.id = c.wanted_caller
  where c.verdict = 'deadlock' and c.side is not null
  order by c.cycle, c.side`;

export const predictedDeadlock: Rule = {
  id: 'lock-order.predicted-deadlock',
  title: 'another order of the same events ends in a deadlock',
  severity: 'error',
  belief: {
    basis: 'documented',
    source:
      'sync-preserving deadlock prediction (PLDI 2023, docs/predict.md); spinlocks have no timeout (docs/xen.md#lock-checks)',
  },
  confidence: 'proven',
  needs: ['lock_acquire', 'lock_release'],
  doc: `Each of several pcpus holds a lock and took one that the next of them held at another time. There is an order of
the same events, right up to there, in which they do so at once: then all wait for ever. That order is part of the
finding: as recorded up to one event, from which on each pcpu stops before it takes what it wants. It was replayed, and
each event of it sees what it saw: entries, pages, domains, flushes (docs/predict.md). Likely instead of proven where
the trace does not record all of these.`,
  fires: `Locks are taken in both orders, by two pcpus or in a circle of more, and nothing in the trace puts one side before
the other.`,
  nearMiss: `The same under a lock that both hold around it; or one side only comes after it has seen what the other one
wrote after its section.`,
  mechanism: `Two pcpus that each hold one lock and spin on the other's never get on. XSA-73 took page_alloc_lock and a
grant table lock in both orders, XSA-411 the locks of two grant tables (docs/xen.md#lock-check-gaps).`,
  confirm: `select e.seq, e.pcpu, e.kind, e.lock_class, e.lock, e.mode, e.symbol from events e
join lock_cycles c on c.pcpu = e.pcpu and e.seq between c.from_seq and c.stop_seq
where c.cycle = $number and c.verdict = 'deadlock' order by e.seq`,
  fix: 'Agree on one order of the locks; or hold one lock around both sides. A side that cannot follow has to use trylock.',
  limits: `What orders events and is not recorded (an interrupt, memory that is no p2m entry, a lock without a hook) is not
known to it: then it is likely, not proven. A trylock that succeeded looks like a lock that was waited for, so a trace with
failed acquisitions proves none. Deadlocks that
need another order of critical sections of one lock are not looked for.`,
  of: ACQUISITIONS,
  sql: SIDES,
  find: rows => [...groupByCycle(rows).values()].map(deadlockRow),
};

function groupByCycle(rows: readonly RuleRow[]): Map<number, RuleRow[]> {
  const cycles = new Map<number, RuleRow[]>();
  for (const row of rows) cycles.set(Number(row.cycle), [...(cycles.get(Number(row.cycle)) ?? []), row]);
  return cycles;
}

/** The sides of one deadlock as a row, beginning with the one that came first as recorded. */
function deadlockRow(sides: readonly RuleRow[]): RuleRow {
  const first = sides.indexOf(sides.reduce((a, b) => (Number(a.wanted_seq) <= Number(b.wanted_seq) ? a : b)));
  const path = [...sides.slice(first), ...sides.slice(0, first)];
  const [{ cycle, confidence, from_seq }] = path;
  const row: Record<string, RuleRow[string]> = {
    subject_cycle: [...path, path[0]].map(({ held, held_class }) => `${held_class ?? 'lock'} ${held}`).join(' -> '),
    subject_pcpus: path.map(({ pcpu }) => pcpu).join(', '),
    subject_from_seq: from_seq,
    subject_number: cycle,
    sig_cycle: fromLeast(path.map(textOf)).join(' -> '),
    confidence,
    severity: confidence === 'proven' ? 'error' : 'warning',
  };
  for (const [i, { held_seq, wanted_seq }] of path.entries()) {
    row[`at_held_${i + 1}`] = held_seq;
    row[`at_wanted_${i + 1}`] = wanted_seq;
  }
  return row;
}

/** A side by what another recording has too. */
const textOf = ({ held_class, held_mode, held_site, wanted_class, wanted_mode, wanted_site }: RuleRow): string =>
  `${held_class ?? '?'}(${held_mode}) at ${held_site ?? '?'}, ${wanted_class ?? '?'}(${wanted_mode}) at ${wanted_site ?? '?'}`;

/** Rotated so that the circle begins with the least text. */
function fromLeast(texts: readonly string[]): readonly string[] {
  const start = texts.indexOf([...texts].sort()[0]);
  return [...texts.slice(start), ...texts.slice(0, start)];
}
