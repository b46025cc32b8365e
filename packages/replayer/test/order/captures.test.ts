import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { importXentraceStream, TraceReader } from '@p2mtrace/trace-format';
import { afterAll, describe, expect, it } from 'vitest';
import { replayTrace } from '../../src/index.js';

const CAPTURE = join(import.meta.dirname, '../../../../../shared/captures/healthy-422-3pcpu-2vcpu-lockwait.bin.gz');
const GET_PAGE = 0x10f803;

/** The header of a get_page: five words of payload and a TSC. */
const isGetPage = (header: number) => header >>> 31 === 1 && (header & 0xfff_ffff) === GET_PAGE;

describe.skipIf(!existsSync(CAPTURE))('three pcpus that stall (skipped where ../shared/captures is absent)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-order-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function divergences(capture: Uint8Array): Promise<{ seen: number; reordered: number }> {
    async function* input() {
      yield capture;
    }
    const path = join(folder, 'trace.arrow');
    await importXentraceStream(input(), '-', path, { xenVersion: '4.22' });
    const reader = TraceReader.open(path);
    const { health, reordered } = replayTrace(reader);
    reader.close();
    return { seen: health.divergences.openRows, reordered };
  }

  it('no count diverges, as it would 64 times in the recorded order', async () => {
    const { seen, reordered } = await divergences(gunzipSync(readFileSync(CAPTURE)));
    expect(seen).toBe(0);
    // One event that comes first settles two mismatches or three.
    expect(reordered).toBeGreaterThan(20);
  });

  it('a count that is wrong by 5 is still seen', async () => {
    const bytes = Buffer.from(gunzipSync(readFileSync(CAPTURE)));
    // Some get_page in the middle of the capture, followed by another record of its size.
    let at = (bytes.length >>> 3) << 2;
    const isPair = () => isGetPage(bytes.readUInt32LE(at)) && bytes.readUInt32LE(at + 16) < 0x8000;
    while (!isPair()) at += 4;
    const words = (bytes.readUInt32LE(at) >>> 28) & 7;
    const count = at + 12 + 4 * 4;
    expect(words).toBeGreaterThanOrEqual(6);
    bytes.writeUInt32LE(bytes.readUInt32LE(count) + 5, count);
    const { seen } = await divergences(bytes);
    expect(seen).toBeGreaterThanOrEqual(1);
    expect(seen).toBeLessThanOrEqual(2);
  });
});
