import type { BreachName } from '@p2mtrace/replayer';

/** What a rule shows of a breach: columns of `breaches`, `view` for the view's name, `site` for the call site's. */
export interface BreachColumns {
  /** Keys of the subject; `detail as invariant` renames one. */
  readonly subject: readonly string[];
  /** Roles of at1, at2 and so on, in their order. */
  readonly witness: readonly string[];
  /** Parts of the signature: nothing that another recording has otherwise. */
  readonly signature: readonly string[];
}

/** The query of a rule whose contradictions the checks of the replay find. */
export function breachSql(breach: BreachName, { subject, witness, signature }: BreachColumns): string {
  const columns = [
    ...subject.map(text => {
      const [name, key = name] = text.split(' as ');
      return `${expression(name)} as subject_${key}`;
    }),
    ...witness.map((role, i) => `b.at${i + 1} as at_${role}`),
    ...signature.map(name => `coalesce(${expression(name)}::varchar, '?') as sig_${name}`),
    `b.confidence::varchar as confidence`,
    // What may be put right yet, or rests on a guess, is no error.
    `case b.confidence when 'proven' then 'error' else 'warning' end as severity`,
  ];
  return `
  select
    ${columns.join(',\n    ')}
  from breaches b
  left join views v on v.id = b.view
  left join callers c on c.id = b.caller
  where b.breach = '${breach}'
  order by b.seq`;
}

const expression = (name: string): string =>
  name === 'view' ? 'v.name' : name === 'site' ? 'c.symbol' : `b."${name}"`;
