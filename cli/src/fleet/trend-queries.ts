/** `$nights`: how many of the last nights are shown. What is new is told by all that the dataset has. */
const SHOWN = 'shown as (select distinct night from traces order by night desc limit $nights)';

/** What a night adds to all before it. */
export const NIGHTS = `
  with ${SHOWN},
  told as (select id, min(night) as night from findings group by id),
  fresh as (select night, count(*) as ids from told group by night),
  counts as (select night, count(distinct id) as ids, count(distinct trace) as of from findings group by night)
  select t.night, count(*)::int, count(distinct coalesce(t.host, ''))::int, coalesce(any_value(c.of), 0)::int,
    coalesce(any_value(c.ids), 0)::int, coalesce(any_value(f.ids), 0)::int
  from traces t left join counts c on c.night = t.night left join fresh f on f.night = t.night
  where t.night in (from shown) group by t.night order by t.night`;

/**
 * Signatures that are new on a host: there in its last night, and in none before. Of a host with one night, nothing is
 * known to be new.
 */
const FRESH = `
  had as (select host, min(night) as since, max(night) as until from traces group by host),
  seen as (select id, host, min(night) as since from findings group by id, host),
  fresh as (select seen.id, seen.host from seen join had on seen.host is not distinct from had.host
    where seen.since = had.until and had.since < had.until)`;

/** Those with news first, then the worst. */
export const FINDINGS = `
  with ${SHOWN}, ${FRESH},
  news as (select id, list(coalesce(host, 'unknown') order by host) as hosts from fresh group by id),
  told as (select id, min(night) as since, max(night) as until from findings group by id),
  recent as (from findings where night in (from shown)),
  series as (
    select id, list(number order by night) as numbers from (
      select i.id, s.night, count(distinct f.trace)::int as number
      from (select distinct id from recent) i cross join shown s left join recent f on f.id = i.id and f.night = s.night
      group by i.id, s.night)
    group by id)
  select recent.id, any_value(rule), any_value(severity), any_value(title), count(distinct trace)::int,
    count(distinct coalesce(host, ''))::int, list_sort(list(distinct coalesce(xen_version, 'unknown'))),
    any_value(told.since), any_value(told.until), coalesce(any_value(news.hosts), []), any_value(series.numbers)
  from recent join told using (id) left join news using (id) join series using (id)
  group by recent.id
  order by any_value(news.hosts) is null, list_position(['error', 'warning', 'note'], any_value(severity)),
    count(distinct trace) desc, recent.id`;

/** On which hosts each of them is. */
export const HOSTS_OF = `
  with ${SHOWN}
  select id, list_sort(list(distinct coalesce(host, 'unknown'))) from findings
  where night in (from shown) group by id`;

/** By host and release. */
export const HOSTS = `
  with ${SHOWN}, ${FRESH},
  news as (select host, count(*) as number from fresh group by host),
  found as (
    select host, xen_version, count(distinct id) as ids, count(distinct trace) as of
    from findings where night in (from shown) group by host, xen_version)
  select t.host, t.xen_version, count(distinct t.night)::int, count(*)::int, coalesce(any_value(f.of), 0)::int,
    coalesce(any_value(f.ids), 0)::int, coalesce(any_value(n.number), 0)::int, max(t.night)
  from traces t
  left join found f on f.host is not distinct from t.host and f.xen_version is not distinct from t.xen_version
  left join news n on n.host is not distinct from t.host
  where t.night in (from shown)
  group by t.host, t.xen_version order by t.host, t.xen_version`;

/** Medians of hosts, and which of them are the least and the most. */
export const METRICS = `
  with ${SHOWN},
  recent as (from metrics where night in (from shown) and value is not null),
  middle as (
    select name, coalesce(host, 'unknown') as host, any_value(unit) as unit, any_value(better) as better,
      median(value) as value
    from recent group by all),
  series as (
    select name, list(value order by night) as numbers from (
      select n.name, s.night, median(m.value) as value
      from (select distinct name from recent) n cross join shown s left join recent m on m.name = n.name and m.night = s.night
      group by n.name, s.night)
    group by name)
  select name, any_value(unit), any_value(better), count(*)::int, min(value), first(host order by value, host),
    median(value), max(value), first(host order by value desc, host), any_value(series.numbers)
  from middle join series using (name) group by name order by name`;
