import { existsSync } from 'node:fs';
import { usageError } from '@p2mtrace/trace-format/errors';
import { checkOutputs } from '@p2mtrace/trace-format/output';
import { resolveOptions } from '../audit/audit-options.js';
import { readHistory } from '../audit/use-history.js';
import type { Run } from '../command.js';
import { checkOutside } from '../dataset/outside.js';
import { EXIT } from '../exit.js';
import { writeDatasetTrend } from '../fleet/dataset-trend.js';
import { withText } from '../output/text-output.js';
import { auditConfig, type NamedConfig } from '../plugins/configuration.js';
import { jsonDocument } from '../render/json.js';
import { type RowFormat, type TextOut, writeRows } from '../render/rows.js';
import { sparkline } from '../render/sparkline.js';
import { sayWritten } from '../render/written.js';

interface Options {
  readonly history?: string;
  readonly dataset?: string;
  readonly state?: string;
  readonly trace?: string;
  readonly format: RowFormat | 'html';
  readonly output?: string;
  readonly nights: number;
  readonly config?: NamedConfig;
}

/**
 * A row per night. A finding counts once, in however many traces it is, as in the report of an audit; it is new, fixed or
 * still there by what the same traces had the night before that they were in.
 */
const NIGHTS = `
  with audited as (
    select night, trace, lag(night) over (partition by trace order by night) as before
    from (select distinct night, trace from seen where $1 in ('', trace))),
  here as (select distinct night, id from audited join seen using (night, trace) where id <> ''),
  earlier as (
    select distinct audited.night, id from audited
    join seen on seen.night = audited.before and seen.trace = audited.trace where id <> ''),
  counts as (
    select coalesce(here.night, earlier.night) as night, count(here.id) as findings,
      count(*) filter (earlier.id is null) as fresh, count(*) filter (here.id is null) as fixed,
      count(*) filter (here.id = earlier.id) as stay
    from here full join earlier on here.night = earlier.night and here.id = earlier.id group by all)
  select strftime(at_utc, '%Y-%m-%d %H:%M') as utc, coalesce(findings, 0)::int, coalesce(fresh, 0)::int,
    coalesce(fixed, 0)::int, coalesce(stay, 0)::int,
    case when $1 = '' then occurrences end, case when $1 = '' then files end, case when $1 = '' then contents end
  from nights left join counts using (night)
  where $1 = '' or night in (select night from audited)
  order by night desc limit $2`;
const SERIES = `
  select name, unit, better, list(value order by night) as values from (
    select night, name, unit, better, max(value) as value from metrics
    where $1 in ('', trace) and night > (select max(night) from nights) - $2 group by all)
  group by all
  union all
  select rule, 'findings', 'less', list(value order by night) from (
    select night, rule, count(distinct id)::double as value
    from (select distinct rule from seen where rule <> '' and $1 in ('', trace))
    cross join (select night from nights where night > (select max(night) from nights) - $2)
    left join (from seen where $1 in ('', trace)) as seen using (night, rule) group by all)
  group by all order by 1`;

const NIGHT_NAMES = ['night', 'findings', 'new', 'fixed', 'still there', 'occurrences', 'files', 'contents'];
const SERIES_NAMES = ['metric or rule', 'unit', 'better', 'last', 'trend'];

export const run: Run<readonly [], Options> = async (_, options, context) => {
  const { output } = options;
  if (output !== undefined) checkOutputs([output], []);
  if (output !== undefined && options.dataset !== undefined) checkOutside([output], options.dataset);
  await withText(output, context, out => write(options, out));
  if (output !== undefined) sayWritten(context, output);
  return EXIT.fine;
};

async function write(options: Options, out: TextOut): Promise<void> {
  if (options.dataset !== undefined) {
    if (options.trace !== undefined) {
      throw usageError(
        'P2M_USAGE',
        '--trace is for the history, not for a dataset',
        'p2mtrace sql --dataset asks of one',
      );
    }
    await writeDatasetTrend(options.dataset, options.nights, options.format, out);
    return;
  }
  const { format } = options;
  if (format === 'html') {
    throw usageError(
      'P2M_FORMAT',
      'html is for a dataset',
      '--dataset DIR; p2mtrace audit --reporter html is of one night',
    );
  }
  const { history: path } = resolveOptions({ ...(await auditConfig(options.config)), ...options });
  if (path === false || !existsSync(path)) {
    throw usageError(
      'P2M_HISTORY',
      `there is no history${path === false ? '' : ` in ${path}`}`,
      'p2mtrace audit makes one',
    );
  }
  await readHistory(path, async history => {
    const { trace = '', nights } = options;
    const rows = (await history.rows(NIGHTS, [trace, nights])).toReversed();
    const series = (await history.rows(SERIES, [trace, nights])).map(([name, unit, better, values]) => {
      const numbers = values as (number | null)[];
      return [name, unit, better, numbers.at(-1) ?? null, sparkline(numbers)];
    });
    if (format === 'json')
      await out.write(jsonDocument({ nights: objects(NIGHT_NAMES, rows), series: objects(SERIES_NAMES, series) }, 1));
    else await writeTables(out, format, rows, series);
  });
}

type Row = readonly unknown[];

const objects = (names: readonly string[], rows: readonly Row[]) =>
  rows.map(row => Object.fromEntries(names.map((name, i) => [name, row[i]])));

async function writeTables(out: TextOut, format: RowFormat, nights: readonly Row[], series: readonly Row[]) {
  const nightColumns = NIGHT_NAMES.map((name, i) => ({ name, right: i > 0 }));
  await writeRows(out, format, nightColumns, nights);
  if (format !== 'ndjson') await out.write('\n');
  const columns = SERIES_NAMES.map(name => ({ name, right: name === 'last' }));
  await writeRows(out, format, columns, series);
}
