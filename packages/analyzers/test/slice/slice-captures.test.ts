import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { EventReader, replay, type TraceEvent } from '@p2mtrace/replayer';
import { importXentraceStream, TraceReader } from '@p2mtrace/trace-format';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../../trace-format/test/support/temp-dir.js';
import { analyzeTrace, findFinding, sliceTrace } from '../../src/index.js';

const CAPTURES = join(import.meta.dirname, '../../../../../shared/captures');
const path = tempDir();
/** Of all their tries together; each is a replay of as many. They were hundreds of thousands. */
const FEW_EVENTS = 2000;

/** The first strike that the hypervisor printed: gfn and mfn, as events have them. */
function firstStrike(name: string, printed: RegExp) {
  const text = readFileSync(join(CAPTURES, `${name}.truth.txt`), 'utf8');
  const [, gfn, mfn] = printed.exec(text) ?? [];
  return { gfn: `0x${gfn}`, mfn: `0x${mfn}` };
}

/** Slices a finding of a capture: the events of the slice, without their snapshots. */
async function slicedEvents(name: string, rule: string): Promise<TraceEvent[]> {
  const input = createReadStream(join(CAPTURES, `${name}.bin.gz`)).pipe(createGunzip());
  await importXentraceStream(input, name, path('capture.arrow'), { xenVersion: '4.22' });
  const whole = TraceReader.open(path('capture.arrow'));
  const { findings } = await analyzeTrace(whole, { only: [rule] });
  const found = findFinding(findings, rule);
  expect(found.finding.confidence).toBe('proven');
  let tried = 0;
  const onTry = (events: number) => {
    tried += events;
  };
  const slice = await sliceTrace(replay(whole, { index: false }), found, path('slice.arrow'), { onTry });
  whole.close();
  expect(tried).toBeLessThan(FEW_EVENTS);
  expect(slice.isMinimal).toBe(true);

  const reader = TraceReader.open(path('slice.arrow'));
  const report = await analyzeTrace(reader, { only: [rule] });
  expect(report.findings.map(({ id, confidence }) => ({ id, confidence }))).toContainEqual({
    id: found.finding.id,
    confidence: 'proven',
  });
  const events = new EventReader(reader);
  const all = slice.seqs.map((_, i) => events.at(slice.snapshots + i) as TraceEvent);
  reader.close();
  return all;
}

const isDone = ({ flags }: TraceEvent) => !(flags as string[]).includes('attempt');

describe.skipIf(!existsSync(join(CAPTURES, 'planted-422-xsa247.bin.gz')))(
  'slices of captures of Xen 4.22 (skipped where ../shared/captures is absent)',
  () => {
    test('a PoD page that stays mapped: the write that failed is there', async () => {
      const { gfn, mfn } = firstStrike('planted-422-xsa247', /gfn (\w+) mfn (\w+) failed/);
      const events = await slicedEvents('planted-422-xsa247', 'consistency.pod-accounting');
      const writes = events.filter(event => event.kind === 'set_entry' && event.gfn === gfn && isDone(event));
      expect(writes.map(({ mfn: of, flags }) => [of, flags])).toEqual([
        [mfn, []],
        [undefined, ['failed']],
      ]);
      expect(events).toContainEqual(expect.objectContaining({ kind: 'pod_cache_add', mfn }));
    });

    test('a late reference: the lookup, the write that ended the mapping, the get', async () => {
      const { gfn, mfn } = firstStrike('planted-422-late-reference', /gfn (\w+) mfn (\w+): .*get_page succeeds/);
      const events = await slicedEvents('planted-422-late-reference', 'use-after-unmap.late-reference');
      const lookup = events.findIndex(event => event.kind === 'lookup' && event.gfn === gfn && event.mfn === mfn);
      const ended = events.findIndex(
        event => event.kind === 'set_entry' && event.gfn === gfn && event.p2m_type === 'invalid' && isDone(event),
      );
      expect(lookup).toBeGreaterThanOrEqual(0);
      expect(ended).toBeGreaterThan(lookup);
      expect(events.at(-1)).toMatchObject({ kind: 'get_page', mfn });
    });

    test('an entry of the reverse map that stays: the unshare, and the write under it', async () => {
      const { gfn, mfn } = firstStrike('planted-422-sharing-rmap-left', /gfn (\w+) unshared from mfn (\w+)/);
      const events = await slicedEvents('planted-422-sharing-rmap-left', 'consistency.sharing-invariant');
      expect(events.filter(({ kind }) => !kind.startsWith('lock_') && kind !== 'set_entry')).toMatchObject([
        { kind: 'rmap_add', gfn, mfn },
        { kind: 'unshare', gfn, mfn },
      ]);
      const [last] = events.filter(event => event.kind === 'set_entry' && isDone(event)).slice(-1);
      expect(last).toMatchObject({ gfn, p2m_type: 'ram_rw' });
    });

    test('an entry_count that was not lowered: the populate, and the entry that it wrote', async () => {
      const { gfn, mfn } = firstStrike('planted-422-pod-entry-count', /gfn (\w+) mfn (\w+) populated/);
      const events = await slicedEvents('planted-422-pod-entry-count', 'consistency.pod-entry-count');
      expect(events).toContainEqual(expect.objectContaining({ kind: 'pod_populate', gfn, mfn }));
      expect(events).toContainEqual(expect.objectContaining({ kind: 'set_entry', gfn, mfn, p2m_type: 'ram_rw' }));
    });
  },
);
