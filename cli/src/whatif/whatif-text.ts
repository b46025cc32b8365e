import { count, counted } from '../render/cell.js';
import { type TextOut, writeRows } from '../render/rows.js';
import { ticksText } from '../render/ticks.js';
import { visible } from '../text/visible.js';
import { designName } from './design-name.js';
import type { WhatIfDocument } from './whatif-document.js';
import { TABLE_COLUMNS, tableRows } from './whatif-table.js';

/** Most pairs, and deadlocks, that are told after the table. */
const TOLD = 5;

/** Waits that were not recorded are unknown, not none. */
export function recordedWaitsText({ recorded: { waits }, hz }: WhatIfDocument): string {
  return waits === null
    ? 'recorded waits unknown'
    : `recorded waits ${count(waits.waits)}, ${ticksText(waits.total, hz ?? undefined)} in all`;
}

/** The table for people, and below it what was tried, who is to blame and what could not be checked. */
export async function writeWhatIfText(out: TextOut, document: WhatIfDocument): Promise<void> {
  const { options, recorded, rows, notChecked, hz, shifts } = document;
  const time = (ticks: number) => ticksText(ticks, hz ?? undefined);
  const line = (text: string) => out.write(`${visible(text)}\n`);
  const head = (text: string) => out.write(`\n${visible(text)}\n`);
  if (rows.length > 0) await writeRows(out, 'table', TABLE_COLUMNS, tableRows(document));
  await out.write('\n');
  const copies = options.pcpus > recorded.pcpus || shifts.length > 1;
  await line(
    `${counted(recorded.sections, 'section')} of ${counted(recorded.pcpus, 'pcpu')}, ${count(recorded.writing)} of them write; ` +
      recordedWaitsText(document),
  );
  await line(
    `unaligned ranges ${count(recorded.unaligned)} of ${count(recorded.ordered)}; foreign and grant mappings ${count(recorded.mappings)}, ${options.foreign}`,
  );
  if (copies) {
    const gfns = options.overlay === 'same' ? 'all use the same gfns' : 'each uses its own regions of 2 MiB';
    await line(
      `${options.pcpus} pcpus: the ${recorded.pcpus} recorded ones, again and again; ${gfns}; seed ${options.seed}`,
    );
  }
  await line(
    `times in ${hz === null ? (document.clock === 'tsc' ? 'TSC ticks' : 'events') : 'seconds'}; a lock takes ${rows[0]?.memory.lockBytes ?? 16} bytes; lost: against no lock at all`,
  );
  for (const row of rows) {
    const name = designName(row);
    if (row.blame.length > 0) await head(`${name}: who waited for whom`);
    for (const { holder, waiter, waits, ticks } of row.blame.slice(0, TOLD)) {
      await line(`  ${waiter ?? 'unknown'} for ${holder ?? 'unknown'}: ${counted(waits, 'wait')}, ${time(ticks)}`);
    }
    if (row.refusals !== null && row.refusals.refused + row.refusals.logDirty > 0) {
      const { changes, refused, logDirty, byCaller, byChange } = row.refusals;
      await head(`${name}: ${count(refused)} of ${count(changes)} changes, ${count(logDirty)} more but for log-dirty`);
      for (const { caller, times } of byCaller.slice(0, TOLD)) await line(`  ${caller ?? 'unknown'}: ${count(times)}`);
      for (const { change, times } of byChange.slice(0, TOLD)) await line(`  ${change}: ${count(times)}`);
    }
    const [deadlock] = row.deadlocks;
    if (deadlock === undefined) continue;
    await head(`${name}: ${counted(row.deadlockCount, 'deadlock')}, the first at ${time(deadlock.time)}`);
    for (const { pcpu, section, seq, caller, lock, wanted, held } of deadlock.members) {
      const shown = held.slice(0, TOLD).map(rangeText);
      const has = [...shown, ...(held.length > TOLD ? [`${held.length - TOLD} more`] : [])].join(', ') || 'nothing';
      await line(
        `  pcpu ${pcpu}, section of #${section ?? '?'} (${caller ?? 'unknown'}): has ${has}; waits at #${seq} for ${[lock, ...(wanted === null ? [] : [rangeText(wanted)])].join(', ')}`,
      );
    }
  }
  for (const what of notChecked) await line(`not checked: ${what}`);
}

const rangeText = (range: readonly string[] | null): string => (range === null ? 'all' : `gfns ${range.join(' to ')}`);
