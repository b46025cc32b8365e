import { Readable } from 'node:stream';
import { importNdjson, KINDS, type KindName, TraceReader } from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../../trace-format/test/support/temp-dir.js';
import {
  feedTrace,
  joinPieces,
  type KeptPiece,
  LiveReplay,
  pieceBlock,
  Replayer,
  RollingPiece,
  replay,
} from '../../src/index.js';
import { copyState, snapshotBlock } from '../../src/live/live-snapshot.js';
import { arbitraryCases } from '../model/arbitrary.js';
import { ndjsonOf } from '../model/compare.js';
import { ofPiece, ofWhole, stateTables, tableDifferences } from '../pieces/state-tables.js';

const ALL = KINDS.map(({ name }) => name as KindName);
const path = tempDir();

/** Random events of every kind, in batches of few rows, so that there are many places to cut. */
async function made(seed: number): Promise<TraceReader> {
  const cases = fc.sample(arbitraryCases(ALL, 300), { seed, numRuns: 12 });
  const [one] = cases.sort((a, b) => b.events.length - a.events.length);
  const trace = path(`made-${seed}.arrow`);
  await importNdjson(Readable.from([Buffer.from(ndjsonOf(one))]), 'made', trace, { batchRows: 16 });
  return TraceReader.open(trace);
}

function liveOf(reader: TraceReader): LiveReplay {
  const { metadata } = reader;
  return new LiveReplay(metadata, { wanted: ['breaches'], checks: {}, known: metadata });
}

describe('a live replay', () => {
  it('has the state of a trace that was fed to it', async () => {
    const reader = await made(11);
    const live = liveOf(reader);
    for (const _ of feedTrace(reader, live.rows)) live.round(reader.metadata);
    live.finish();
    const whole = replay(reader, { index: false });
    const same = ofWhole(0);
    const tables = [live.replayer, whole.at('end').replayer].map(state => stateTables(state, reader, same));
    expect(tableDifferences(tables[0], tables[1])).toEqual([]);
    whole.close();
    reader.close();
  });

  it('passes its state on to a replayer that begins anew', async () => {
    const reader = await made(12);
    const live = liveOf(reader);
    for (const _ of feedTrace(reader, live.rows)) live.round(reader.metadata);
    const { replayer } = live;
    const copy = new Replayer({ metadata: reader.metadata, names: live.rows.names });
    copyState(live.rows, replayer, copy, snapshotBlock(live.rows));
    expect(copy.seq).toBe(replayer.seq);
    const nothing = () => null;
    const tables = [copy, replayer].map(state => {
      // Rows of locks read the event that took them, which for a copy is a snapshot.
      const { locks: _taken, ...rest } = stateTables(state, reader, nothing);
      return rest;
    });
    expect(tableDifferences(tables[0], tables[1])).toEqual([]);
    const held = [copy, replayer].map(({ locks }) => [...Array(locks.pcpus).keys()].map(pcpu => locks.heldBy(pcpu)));
    const what = held.map(all => all.map(own => own.map(({ lock, mode, level }) => [lock, mode, level])));
    const taken = what.map(all => all.flatMap((own, pcpu) => (own.length === 0 ? [] : [[pcpu, own]])));
    expect(taken[0]).toEqual(taken[1]);
    reader.close();
  });

  it('writes pieces that replay by themselves to its state, one by one and joined', async () => {
    const reader = await made(13);
    const { metadata } = reader;
    const kept: KeptPiece[] = [];
    let piece: RollingPiece | undefined;
    const live = new LiveReplay(metadata, {
      wanted: ['breaches'],
      checks: {},
      known: metadata,
      onReplayed: (page, from, to) => piece?.add(page, from, to),
    });
    live.rows.onNames = names => piece?.addNames(names);
    const block = pieceBlock(live.rows);
    const begin = () => {
      piece = new RollingPiece(path(`piece-${kept.length}.arrow`), live.rows, live.replayer, block, 'zstd');
    };
    begin();
    for (const events of feedTrace(reader, live.rows)) {
      live.round(metadata);
      if (events >= reader.rows) continue;
      kept.push(piece!.finish(undefined));
      begin();
    }
    live.finish();
    kept.push(piece!.finish(undefined));
    expect(kept[0].from).toBe(0);
    for (const one of kept) comparePiece(reader, one);
    joinPieces(
      kept.map(one => one.path),
      path('joined.arrow'),
    );
    comparePiece(reader, { path: path('joined.arrow'), from: 0, to: reader.rows });
    reader.close();
  });
});

function comparePiece(reader: TraceReader, { path: file, from, to }: KeptPiece): void {
  const piece = TraceReader.open(file);
  const own = replay(piece, { index: false });
  const whole = replay(reader, { index: false });
  const mine = stateTables(own.at('end').replayer, piece, ofPiece(piece));
  const theirs = stateTables(whole.at(to - 1).replayer, reader, ofWhole(from));
  expect(tableDifferences(mine, theirs)).toEqual([]);
  for (const one of [own, whole]) one.close();
  piece.close();
}
