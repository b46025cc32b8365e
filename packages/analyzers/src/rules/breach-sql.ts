import { type BREACH_SPEC, type BreachRule, type RoleOf, rolesOf, witnessColumn } from '@p2mtrace/replayer';

/** A column of `breaches`, or what NAMES has for it. */
type BreachColumn = (typeof BREACH_SPEC)['columns'][number]['name'] | keyof typeof NAMES;

/** What a rule shows of a breach besides its witnesses, which BREACH_TABLE has. */
export interface BreachColumns {
  /** Keys of the subject; `detail as invariant` gives one another name. */
  readonly subject: readonly (BreachColumn | `${BreachColumn} as ${string}`)[];
  /** Parts of the signature, named alike: nothing that another recording has otherwise. */
  readonly signature: readonly string[];
  /** Parts of the signature that are left out where they are null. */
  readonly known?: readonly string[];
  /** SQL for the severity where it is not the rule's own, or that of a guess. */
  readonly severity?: string;
  /** SQL for the title where it is not always the rule's own. */
  readonly title?: string;
  /** Joins of what else the columns name; `b` is the contradiction. */
  readonly joins?: string;
}

/** Contradictions with the names of what they give by index, as `NAMED_BREACHES_SQL` makes them. */
export const NAMED_BREACHES = 'named_breaches';

/** Made once for all rules: the joins take longer than all else that a rule asks of them. */
export const NAMED_BREACHES_SQL = `
  create temp table ${NAMED_BREACHES} as
  select b.*, v.name as view_name, c.symbol as site, l.address as lock_address, lc.name as lock_class_name,
    h.address as held_address, hc.name as held_class_name, hs.symbol as held_site
  from breaches b
  left join views v on v.id = b.view
  left join callers c on c.id = b.caller
  left join locks l on l.id = b.lock
  left join lock_classes lc on lc.id = b.lock_class
  left join locks h on h.id = b.held
  left join lock_classes hc on hc.id = b.held_class
  left join callers hs on hs.id = b.held_caller`;

/** Events of a section, at most: a PoD sweep's are 4,600 in a healthy guest of 160 MB. */
const SECTION_EVENTS = 10_000;

/**
 * Severity of what an end would have proven that the trace does not show: where the recording just stops in the section
 * that a witness has begun, it is a note.
 */
export function cutSeverity<R extends BreachRule>(rule: R, begin: RoleOf<R>, end: RoleOf<R>): string {
  const [from, to] = [witnessColumn(rule, begin), witnessColumn(rule, end)];
  return `case when b.confidence = 'proven' then null
      when b.${to} is null and b.seq - b.${from} < ${SECTION_EVENTS} then 'note' else 'warning' end`;
}

/** What rests on a guess is no error; what may yet be put right, or happened in another order, is a note. */
const SEVERITY = `case b.confidence when 'proven' then null when 'likely' then 'warning' else 'note' end`;

/** The query of a rule whose contradictions the checks of the replay find. Its rows come in one order at all times. */
export function breachSql(
  rule: BreachRule,
  { subject, signature, known = [], severity, title = 'null', joins = '' }: BreachColumns,
): string {
  const columns = [
    ...subject.map(text => `${expression(text)} as subject_${nameOf(text)}`),
    ...rolesOf(rule).map((role, i) => `b.at${i + 1} as at_${role}`),
    ...signature.map(text => `coalesce(${expression(text)}::varchar, '?') as sig_${nameOf(text)}`),
    ...known.map(text => `${expression(text)} as sig_${nameOf(text)}`),
    `b.confidence::varchar as confidence`,
    `${severity ?? SEVERITY} as severity`,
    `${title} as title`,
    // Out of how many it is one (opportunity-counts.ts).
    'b.mechanism::varchar as mechanism',
    'b.caller as caller',
  ];
  return `
  select
    ${columns.join(',\n    ')}
  from ${NAMED_BREACHES} b${joins}
  where b.breach = '${rule}'
  order by b.seq, b.at1, b.count desc, b.at2, b.at3, b.at4, b.at5, b.gfn, b.mfn`;
}

/** Of a view, a call site, a lock and its class, by what a rule calls it. */
const NAMES = {
  view: 'b.view_name',
  lock: 'b.lock_address',
  lock_class: 'b.lock_class_name',
  held_lock: 'b.held_address',
  held_class: 'b.held_class_name',
  // Who took the innermost lock held, where the event itself has no call site.
  lock_site: 'if(b.by_lock, b.site, null)',
  // What a reference was taken for.
  grant_handle: `if(b.through = 'grant', b.through_id, null)`,
  foreign_gfn: `if(b.through = 'foreign', b.through_id, null)`,
  table_mfn: `if(b.through = 'table', b.through_id, null)`,
  // Of joins (put-sites.ts).
  others_put_at: 'usual.site',
  last_put_at: 'last_put.site',
  // Where a count is at a limit it is exact, which a double is not from 2^53 on: the last value of the type count is
  // reserved, the last two of the general one (docs/xen.md#counter-limits).
  limit: `case b.detail when 'limit' then (1::ubigint << b.width) - if(b.kind = 'get_type', 1, 2)
      when 'wrap' then 1::ubigint << b.width else b.count end`,
} as const;

/** What a text like `site as lookup_site` names, be it a column, one of NAMES, or SQL. */
function expression(text: string): string {
  const [what] = text.split(' as ');
  const names: Readonly<Record<string, string>> = NAMES;
  return names[what] ?? (/^\w+$/.test(what) ? `b."${what}"` : what);
}

function nameOf(text: string): string {
  const [what, name = what] = text.split(' as ');
  return name;
}
