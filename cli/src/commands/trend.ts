import { existsSync } from 'node:fs';
import { usageError } from '@p2mtrace/trace-format/errors';
import { resolveOptions } from '../audit/audit-options.js';
import { AuditHistory } from '../audit/history.js';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { auditConfig } from '../plugins/configuration.js';
import { jsonDocument } from '../render/json.js';
import { type RowFormat, writeRows } from '../render/rows.js';
import { sparkline } from '../render/sparkline.js';
import type { Terminal } from '../terminal.js';

interface Options {
  readonly history?: string;
  readonly state?: string;
  readonly trace?: string;
  readonly format: RowFormat;
  readonly nights: number;
  readonly config?: string;
}

/** Findings of all rules and the sums of metrics: a row per night, and a row per series with its chart. */
const NIGHTS = `
  select strftime(at_utc, '%Y-%m-%d %H:%M') as utc, sum(new_findings)::int as new, sum(fixed)::int as fixed,
    sum(still_there)::int as still_there, count(distinct trace)::int as traces
  from nights left join findings using (night)
  where $1 in ('', trace) group by night, at_utc order by night desc limit $2`;
const SERIES = `
  select name, unit, better, list(value order by night) as values from (
    select night, name, unit, better, max(value) as value from metrics
    where $1 in ('', trace) and night > (select max(night) from nights) - $2 group by all)
  group by all
  union all
  select rule, 'findings', 'less', list(value order by night) from (
    select night, rule, sum(new_findings + still_there)::double as value from findings
    where $1 in ('', trace) and night > (select max(night) from nights) - $2 group by all)
  group by all order by 1`;

const NIGHT_NAMES = ['night', 'new', 'fixed', 'still there', 'traces'];
const SERIES_NAMES = ['metric or rule', 'unit', 'better', 'last', 'trend'];

export const run: Run<readonly [], Options> = async (_, options, { out }) => {
  const { history: path } = resolveOptions({ ...(await auditConfig(options.config)), ...options });
  if (path === false || !existsSync(path)) {
    throw usageError(
      'P2M_HISTORY',
      `there is no history${path === false ? '' : ` in ${path}`}`,
      'p2mtrace audit makes one',
    );
  }
  const history = await AuditHistory.open(path);
  try {
    const { trace = '', nights, format } = options;
    const rows = (await history.rows(NIGHTS, [trace, nights])).toReversed();
    const series = (await history.rows(SERIES, [trace, nights])).map(([name, unit, better, values]) => {
      const numbers = values as (number | null)[];
      return [name, unit, better, numbers.at(-1) ?? null, sparkline(numbers)];
    });
    if (format === 'json')
      await out.write(jsonDocument({ nights: objects(NIGHT_NAMES, rows), series: objects(SERIES_NAMES, series) }, 1));
    else await writeTables(out, format, rows, series);
  } finally {
    history.close();
  }
  return EXIT.fine;
};

type Row = readonly unknown[];

const objects = (names: readonly string[], rows: readonly Row[]) =>
  rows.map(row => Object.fromEntries(names.map((name, i) => [name, row[i]])));

async function writeTables(out: Terminal, format: RowFormat, nights: readonly Row[], series: readonly Row[]) {
  const nightColumns = NIGHT_NAMES.map((name, i) => ({ name, right: i > 0 }));
  await writeRows(out, format, nightColumns, nights);
  if (format !== 'ndjson') await out.write('\n');
  const columns = SERIES_NAMES.map(name => ({ name, right: name === 'last' }));
  await writeRows(out, format, columns, series);
}
