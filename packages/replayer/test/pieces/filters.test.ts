import { writeFileSync } from 'node:fs';
import { importNdjson, KINDS, type KindName, TraceReader } from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { test } from 'vitest';
import { tempDir } from '../../../trace-format/test/support/temp-dir.js';
import {
  domainsOf,
  type PieceFilter,
  type PieceRange,
  pcpusOf,
  replay,
  trimTrace,
  type XenState,
} from '../../src/index.js';
import { arbitraryCases, type Case } from '../model/arbitrary.js';
import { CASES, holds, ndjsonOf } from '../model/compare.js';
import { type StateTables, stateTables, tableDifferences } from './state-tables.js';

const ALL = KINDS.map(({ name }) => name as KindName);
const path = tempDir();

/** A range of a trace, as parts of its length. */
interface RangeCase extends Case {
  readonly from: number;
  readonly length: number;
}

const cases: fc.Arbitrary<RangeCase> = fc
  .tuple(arbitraryCases(ALL, 60), fc.constantFrom(0, 0.1, 0.5), fc.constantFrom(0.3, 1))
  .map(([one, from, length]) => ({ ...one, from, length }));

/** What a domain's piece and the whole tell of it: no seqs, as those of the piece are its own. */
function tablesOfDomain(replayer: XenState, reader: TraceReader, domid: number): StateTables {
  const tables = stateTables(replayer, reader, () => null, { domid });
  const { p2m, views, pod, paging, linux, tlb, pages, grants } = tables;
  const maps = grants.filter(row => row.includes(`"domid":${domid},`));
  const vcpuViews = tables.vcpu_views.filter(row => Math.floor(Number.parseInt(row, 10) / 0x1_0000) === domid);
  return { p2m, views, pod, paging, linux, tlb, pages, maps, vcpuViews };
}

/** What a pcpu is in the middle of. */
function tablesOfPcpu({ contexts, locks }: XenState, pcpu: number): StateTables {
  return {
    running: [String(contexts.running[pcpu] ?? -1)],
    held: locks.heldBy(pcpu).map(({ lock, mode, level }) => `${lock} ${mode} ${level}`),
    translations: contexts.translations.of(pcpu).map(({ seq: _seq, ...row }) => JSON.stringify(row)),
  };
}

async function compare(
  one: RangeCase,
  idsOf: (reader: TraceReader) => number[],
  filterOf: (id: number) => PieceFilter,
  tablesOf: (replayer: XenState, reader: TraceReader, id: number) => StateTables,
): Promise<void> {
  writeFileSync(path('case.ndjson'), ndjsonOf(one));
  await importNdjson(path('case.ndjson'), 'case', path('case.arrow'), { batchRows: 8 });
  const reader = TraceReader.open(path('case.arrow'));
  const from = Math.floor(one.from * reader.rows);
  const range: PieceRange = { from, to: Math.min(reader.rows, from + Math.ceil(one.length * reader.rows)) };
  try {
    const whole = replay(reader, { index: false }).at(range.to - 1).replayer;
    for (const id of idsOf(reader)) {
      trimTrace(reader, path('piece.arrow'), range, filterOf(id));
      const piece = TraceReader.open(path('piece.arrow'));
      const own = replay(piece, { index: false }).at('end').replayer;
      const found = tableDifferences(tablesOf(own, piece, id), tablesOf(whole, reader, id));
      piece.close();
      if (found.length > 0) throw new Error([`${id}, events ${range.from} to ${range.to - 1}:`, ...found].join('\n'));
    }
  } finally {
    reader.close();
  }
}

test('a piece of a domain tells of the domain what the whole tells', async () => {
  await holds(cases, one => compare(one, domainsOf, id => ({ domains: [id] }), tablesOfDomain), CASES / 20);
});

/** No pcpu releases what another one holds. */
const ownLocks = cases.map(one => ({
  ...one,
  events: one.events.map(event =>
    event.lock === undefined ? event : { ...event, lock: event.lock + 0x1000n * BigInt(event.pcpu ?? 0) },
  ),
}));

test('a piece of a pcpu tells what that holds and runs', async () => {
  const tablesOf = (replayer: XenState, _: TraceReader, pcpu: number) => tablesOfPcpu(replayer, pcpu);
  await holds(ownLocks, one => compare(one, pcpusOf, id => ({ pcpus: [id] }), tablesOf), CASES / 20);
});
