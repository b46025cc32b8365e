import type { TraceSession } from '@p2mtrace/analyzers';
import { Dataset } from '../dataset/dataset.js';
import { aboutDataset, openDatasetSession } from '../dataset/dataset-session.js';
import { jsonDocument } from '../render/json.js';
import { type RowFormat, type TextOut, writeRows } from '../render/rows.js';
import { sparkline } from '../render/sparkline.js';
import { type FleetFinding, fleetPage } from '../report/fleet-page.js';
import { FINDINGS, HOSTS, HOSTS_OF, METRICS, NIGHTS } from './trend-queries.js';

/** Parts of the trend, each a query and the names of its columns; a column `trend` has a number a night. */
const PARTS = {
  nights: [NIGHTS, ['night', 'traces', 'hosts', 'with findings', 'findings', 'new']],
  findings: [
    FINDINGS,
    ['id', 'rule', 'severity', 'title', 'traces', 'hosts', 'versions', 'first seen', 'last seen', 'new on', 'trend'],
  ],
  hosts: [HOSTS, ['host', 'xen version', 'nights', 'traces', 'with findings', 'findings', 'new', 'last night']],
  metrics: [METRICS, ['metric', 'unit', 'better', 'hosts', 'least', 'least at', 'median', 'most', 'most at', 'trend']],
} as const satisfies Record<string, readonly [string, readonly string[]]>;

type Row = readonly unknown[];

/** A part of the trend. */
interface Part {
  readonly names: readonly string[];
  readonly rows: readonly Row[];
}

/**
 * Writes what the last nights of a dataset have: findings by night, host and release, on which hosts they are new, and how
 * far metrics lie apart.
 * @throws P2mError P2M_DATASET (usage), P2M_DATASET_SCHEMA, P2M_DATASET_DAMAGED, P2M_DATASET_CHANGED
 */
export async function writeDatasetTrend(
  path: string,
  nights: number,
  format: RowFormat | 'html',
  out: TextOut,
): Promise<void> {
  const { parts, hosts } = await readTrend(path, nights);
  if (format === 'html') {
    await out.write(fleetPage(findingsOf(parts.get('findings')!, hosts), tablesOf(parts)));
    return;
  }
  if (format === 'json') {
    const objects = [...parts].map(([part, { names, rows }]) => [
      part,
      rows.map(row => Object.fromEntries(names.map((name, i) => [name, row[i]]))),
    ]);
    await out.write(jsonDocument(Object.fromEntries(objects), 1));
    return;
  }
  for (const [i, { names, rows }] of [...parts.values()].entries()) {
    if (i > 0 && format !== 'ndjson') await out.write('\n');
    const columns = names.map((name, column) => ({ name, right: typeof rows[0]?.[column] === 'number' }));
    await writeRows(out, format, columns, drawn(names, rows));
  }
}

/** The parts of the trend, and the hosts of each finding. */
async function readTrend(path: string, nights: number) {
  const dataset = Dataset.open(path, () => undefined);
  const session = await openDatasetSession(dataset, [], {});
  const parts = new Map<string, Part>();
  try {
    for (const [part, [sql, names]] of Object.entries(PARTS)) {
      parts.set(part, { names, rows: await rowsOf(session, sql, nights) });
    }
    const hosts = (await rowsOf(session, HOSTS_OF, nights)).map(([id, on]) => [id as string, on as string[]] as const);
    return { parts, hosts: new Map(hosts) };
  } catch (error) {
    throw aboutDataset(dataset, error);
  } finally {
    await session.close();
  }
}

function findingsOf({ rows }: Part, hosts: ReadonlyMap<string, readonly string[]>): FleetFinding[] {
  return rows.map(row => {
    const [id, rule, severity, title, traces, , versions, since, until, fresh, trend] = row as never[];
    return { id, rule, severity, title, traces, versions, since, until, hosts: hosts.get(id) ?? [], fresh, trend };
  });
}

const tablesOf = (parts: ReadonlyMap<string, Part>) =>
  [...parts].filter(([part]) => part !== 'findings').map(([title, part]) => ({ title, ...part }));

async function rowsOf(session: TraceSession, sql: string, nights: number): Promise<readonly Row[]> {
  return (await session.runAll(sql, { nights })).rows;
}

/** The numbers of the nights as a picture. */
function drawn(names: readonly string[], rows: readonly Row[]): readonly Row[] {
  const trend = names.indexOf('trend');
  return rows.map(row => row.map((value, i) => (i === trend ? sparkline(value as (number | null)[]) : value)));
}
