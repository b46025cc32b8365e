import { MAX_HELD } from '@p2mtrace/replayer';
import type { RuleRow } from '../rules/define-analyzer.js';
import { type DivergenceKind, GUESSES } from './finding.js';

/** A count that is this far off was read with the wrong bits: no code takes that many references at once. */
const WRONG_BITS = 2 ** 32;
/** Events within which another pcpu's record may lie on the wrong side. */
const NEAR = 256;

/** Differences that another pcpu may have made in the records just before. */
const IS_NEAR = `d.about not in ('holder', 'layout') and d.seq - d.last_seq < ${NEAR}`;

/** How many of those there are: without any, nobody need look for who wrote what. */
export const NEAR_DIVERGENCES_SQL = `select count(*) as near from divergences d where ${IS_NEAR}`;

/** By what differs: how often, and how many of them each guess explains. Reads all events where some are near. */
export function divergencesSql(near: boolean): string {
  // As a condition of its own it would be asked of each pair of rows.
  const joined = near ? `left join events l on l.seq = case when ${IS_NEAR} then d.last_seq end` : '';
  return `
  with seen as (
    select
      d.about::varchar as about,
      d.about = 'layout' or (d.about in ('count_info', 'type_info')
        and abs(d.seen::double - d.expected::double) >= ${WRONG_BITS}) as layout,
      d.about = 'lookup' and d.seen is null as hole,
      d.about in ('held', 'lock_pairs') as release,
      d.about = 'holder' ${near ? 'or coalesce(l.pcpu <> d.pcpu, false)' : ''} as skew
    from divergences d ${joined}
  )
  select about, count(*) as count,
    count(*) filter (where layout) as layout,
    count(*) filter (where hole) as hole,
    count(*) filter (where release) as release,
    count(*) filter (where skew and not coalesce(layout, false) and not coalesce(hole, false) and not release) as skew
  from seen group by about order by count(*) desc, about`;
}

const TEXTS = {
  layout: 'the page_info layout is another than was assumed: counts are off by more than anybody takes',
  skew: 'two pcpus contradict each other: their clocks are apart, records are missing, or were written later than the events happened',
  hole: 'the entry is a hole, which lookups and writes name by different types',
  release: `more than ${MAX_HELD} locks are held at once, or more pairs of locks are nested than can be kept: records of release are missing?`,
  hook: 'something writes the value without an event: a hook is missing',
};
const CHECKS = {
  layout: 'import the capture again with --xen-version or --layout, and see whether they go',
  skew: `p2mtrace sql: select d.*, e.pcpu as writer from divergences d join events e on e.seq = d.last_seq where e.pcpu <> d.pcpu`,
  hole: `p2mtrace sql: select e.* from divergences d join events e using (seq) where d.about = 'lookup'`,
  release: `p2mtrace sql: select kind, count(*) from events where kind in ('lock_acquire', 'lock_release') group by 1`,
  hook: 'p2mtrace sql: select e.symbol, count(*) from divergences d join events e using (seq) group by 1; docs/xen.md#count-writers lists who writes counts',
};

/** Many divergences of one kind are one matter: what explains most of them, and how to check it. */
export function divergenceKinds(rows: readonly RuleRow[]): DivergenceKind[] {
  return rows.map(row => {
    const count = Number(row.count);
    const [layout, hole, skew, release] = [row.layout, row.hole, row.skew, row.release].map(Number);
    const by = { layout, skew, hole, release, hook: count - layout - hole - skew - release };
    const guess = GUESSES.reduce((best, one) => (by[one] > by[best] ? one : best));
    const explains = by[guess];
    return { about: String(row.about), count, guess, explains, text: TEXTS[guess], check: CHECKS[guess] };
  });
}
