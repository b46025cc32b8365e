import type { Table } from '@p2mtrace/ui';
import { lookedText, parseLooked } from './looked.js';
import { type SqlLimits, sqlAnswer } from './sql-answer.js';
import { tableAnswer } from './table-answer.js';
import type { TraceModel } from './trace-model.js';

export interface Window {
  readonly low: number;
  readonly high: number;
}

/**
 * What happened to a thing. Of a pcpu or a call site, which have more events than anybody reads, the part that the
 * timeline shows. @throws P2mError what the commands say
 */
export function historyAnswer(
  model: TraceModel,
  text: string,
  { low, high }: Window,
  limits: SqlLimits,
  signal: AbortSignal,
): Promise<Table> {
  const looked = parseLooked(text);
  if (looked.about === 'pcpu') return sqlAnswer([model], ofPcpu(looked.pcpu, low, high), limits, signal);
  if (looked.about === 'site') return sqlAnswer([model], ofSite(looked.site, low, high), limits, signal);
  const name = lookedText(looked);
  const space = name.indexOf(' ');
  const args = [model.reader.path, name.slice(0, space), name.slice(space + 1)];
  return tableAnswer({ command: 'history', args }, { signal });
}

/** What ran there, and the locks that were taken there. */
const ofPcpu = (pcpu: number, low: number, high: number): string => `
with own as (select seq, cur_domid as d, cur_vcpu as v from events where pcpu = ${pcpu} and seq between ${low} and ${high}),
  marked as (select *, d is distinct from lag(d) over w or v is distinct from lag(v) over w as is_other
    from own window w as (order by seq)),
  runs as (select *, sum(is_other::integer) over (order by seq) as run from marked)
select case when d is null then 'runs: unknown' when d = 32767 then 'idle' else 'runs d' || d || 'v' || coalesce(v::varchar, '?') end as what,
  min(seq)::bigint as from_seq, max(seq)::bigint as to_seq, count(*)::bigint as events,
  null::varchar as lock, null::varchar as mode, null::varchar as caller
from runs group by run, d, v
union all
select coalesce(c.name::varchar, 'lock'), s.from_seq::bigint, s.to_seq::bigint, null, l.address::varchar, s.mode::varchar,
  coalesce(k.symbol::varchar, k.address::varchar)
from lock_spans s left join lock_classes c on c.id = s.lock_class left join locks l on l.id = s.lock
  left join callers k on k.id = s.from_caller
where s.pcpu = ${pcpu} and coalesce(s.from_seq, 0) <= ${high} and coalesce(s.to_seq >= ${low}, true)
order by from_seq nulls first, what`;

/** Its events. */
function ofSite(site: string, low: number, high: number): string {
  const text = site.replaceAll("'", "''");
  return `
select kind::varchar as what, seq::bigint as from_seq, seq::bigint as to_seq, pcpu, domid, gfn, mfn, lock::varchar as lock
from events where (caller::varchar = lower('${text}') or symbol::varchar = '${text}') and seq between ${low} and ${high}
order by seq`;
}
