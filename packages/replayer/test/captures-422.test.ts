import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { importXentraceStream, TraceReader, type XentraceOptions } from '@p2mtrace/trace-format';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../trace-format/test/support/temp-dir.js';
import { BREACH_DETAILS, BREACH_SPEC, divergenceRows, FactStore, replayTrace } from '../src/index.js';

/** Captures of Xen 4.22; what they hold is told by their README, and by what the hypervisors printed. */
const CAPTURES = join(import.meta.dirname, '../../../../shared/captures');
const path = tempDir();

async function replayed(name: string, options: XentraceOptions = { xenVersion: '4.22' }) {
  const input = createReadStream(join(CAPTURES, `${name}.bin.gz`)).pipe(createGunzip());
  await importXentraceStream(input, name, path('capture.arrow'), options);
  const reader = TraceReader.open(path('capture.arrow'));
  const facts = new FactStore(['breaches']);
  const replayer = replayTrace(reader, { facts });
  const divergences = [...divergenceRows(replayer, reader.names)];
  const { metadata } = reader;
  reader.close();
  return { replayer, divergences, metadata, facts };
}

/** Frames that a hypervisor printed, one a strike of its defect. */
function struck(name: string): Set<number> {
  const text = readFileSync(join(CAPTURES, `${name}.truth.txt`), 'utf8');
  return new Set(Array.from(text.matchAll(/mfn ([0-9a-f]+)/g), ([, mfn]) => Number.parseInt(mfn, 16)));
}

describe.skipIf(!existsSync(join(CAPTURES, 'healthy-422-shadow.bin.gz')))(
  'captures of Xen 4.22 (skipped where ../shared/captures is absent)',
  () => {
    test.each([
      ['healthy-422-pv-blk', 770_000],
      ['healthy-422-shadow', 3_550_000],
      ['healthy-422-mem-sharing', 1_460_000],
      ['healthy-422-mem-paging', 1_000_000],
    ])('%s has no divergence', async (name, records) => {
      const { replayer, divergences, metadata } = await replayed(name);
      expect(divergences).toEqual([]);
      expect(replayer.outOfRange).toBe(0);
      expect((metadata.health?.records ?? 0) / records).toBeCloseTo(1, 1);
    });

    test('healthy-422-mem-sharing: frames shared as often as its README says', async () => {
      const { metadata, replayer } = await replayed('healthy-422-mem-sharing');
      expect(metadata.counts?.share_pages).toBe(3603);
      // Both guests are gone.
      expect(replayer.sharing.rmaps.size).toBe(0);
    });

    test('healthy-422-shadow without a version: the layout is found by the counts', async () => {
      const { divergences, metadata } = await replayed('healthy-422-shadow', {});
      expect([metadata.layout, divergences]).toEqual(['P8', []]);
    });

    test('healthy-422-shadow as another version: one divergence, and what would fit', async () => {
      const { divergences, replayer } = await replayed('healthy-422-shadow', { xenVersion: '4.17.7' });
      expect(divergences).toMatchObject([{ about: 'layout' }]);
      expect(replayer.layoutDoubt.fitting()).toEqual(['P8']);
    });

    test('planted-422-xsa247: frames in the PoD cache that are still mapped', async () => {
      const { divergences, facts } = await replayed('planted-422-xsa247');
      const mapped = facts.chunks(BREACH_SPEC).flatMap(({ rows, columns: c }) => {
        const all = Array.from({ length: rows }, (_, row) => row);
        return all.filter(row => BREACH_DETAILS[c.detail[row]] === 'mapped').map(row => c.mfn[row]);
      });
      const planted = struck('planted-422-xsa247');
      expect(divergences).toEqual([]);
      expect(planted.size).toBe(484);
      // The other three were not zero, and so put back (README).
      expect(new Set(mapped).size).toBe(481);
      expect(mapped.filter(mfn => !planted.has(mfn))).toEqual([]);
    });

    test('planted-422-sharing-rmap-left: each member that was left is found when its frame’s last one goes', async () => {
      const { divergences } = await replayed('planted-422-sharing-rmap-left');
      expect(new Set(divergences.map(({ about }) => about))).toEqual(new Set(['rmap_count']));
      expect(new Set(divergences.map(({ mfn }) => mfn))).toEqual(struck('planted-422-sharing-rmap-left'));
    });
  },
);
