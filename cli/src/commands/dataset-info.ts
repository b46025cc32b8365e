import type { Run } from '../command.js';
import { Dataset, filesOf, type PlacedEntry } from '../dataset/dataset.js';
import { EXIT } from '../exit.js';
import { type RowFormat, writeRows } from '../render/rows.js';
import { visible } from '../text/visible.js';

const COLUMNS = ['night', 'host', 'traces', 'findings', 'files', 'bytes'].map((name, i) => ({ name, right: i > 1 }));

export const run: Run<readonly [string], { readonly format: RowFormat }> = async ([path], { format }, { out, err }) => {
  const dataset = Dataset.open(path, text => err.say(`p2mtrace: ${visible(text)}\n`));
  const entries = dataset.entries();
  const parts = new Map<string, PlacedEntry[]>();
  for (const placed of entries) {
    const part = parts.get(placed.partition);
    if (part === undefined) parts.set(placed.partition, [placed]);
    else part.push(placed);
  }
  await writeRows(out, format, COLUMNS, [...parts.values()].map(rowOf));
  const bad = entries.filter(placed => !dataset.isWhole(placed));
  for (const { partition, entry } of bad) {
    const traces = entry.traces.map(({ trace }) => trace).join(', ');
    err.say(`p2mtrace: ${visible(`${partition}: files of ${traces} are missing or cut; an audit adds them again`)}\n`);
  }
  return bad.length === 0 ? EXIT.fine : EXIT.input;
};

function rowOf(entries: readonly PlacedEntry[]): readonly unknown[] {
  const [{ night, host }] = entries;
  const sum = (of: (placed: PlacedEntry) => number) => entries.reduce((all, placed) => all + of(placed), 0);
  return [
    night,
    host,
    sum(({ entry }) => entry.traces.length),
    sum(({ entry }) => entry.tables.findings?.rows ?? 0),
    sum(placed => filesOf(placed).length),
    sum(({ entry }) => Object.values(entry.tables).reduce((all, { bytes }) => all + bytes, 0)),
  ];
}
