import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { importXentraceStream, TraceReader } from '@p2mtrace/trace-format';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../../trace-format/test/support/temp-dir.js';
import { BREACH_CONFIDENCES, BREACH_RULES, BREACH_SPEC, FactStore, replayTrace } from '../../src/index.js';

const CAPTURES = join(import.meta.dirname, '../../../../../shared/captures');
const path = tempDir();
/** What nothing on a healthy hypervisor may show. */
const RULES = ['stale-translation', 'late-reference', 'use-after-free', 'freed-while-mapped', 'freed-before-flush'];

/** Breaches of a capture, as `RULE CONFIDENCE`, with the frame. */
async function breaches(name: string, rules: readonly string[]) {
  const input = createReadStream(join(CAPTURES, `${name}.bin.gz`)).pipe(createGunzip());
  await importXentraceStream(input, name, path('capture.arrow'), { xenVersion: '4.22' });
  const reader = TraceReader.open(path('capture.arrow'));
  const facts = new FactStore(['breaches']);
  replayTrace(reader, { facts, checks: { rules: rules.map(rule => `use-after-unmap.${rule}`) } });
  reader.close();
  return facts.chunks(BREACH_SPEC).flatMap(({ rows, columns: c }) =>
    Array.from({ length: rows }, (_, row) => ({
      what: `${BREACH_RULES[c.breach[row]].split('.')[1]} ${BREACH_CONFIDENCES[c.confidence[row]]}`,
      gfn: c.gfn[row],
      mfn: c.mfn[row],
    })),
  );
}

describe.skipIf(!existsSync(join(CAPTURES, 'healthy-422-shadow.bin.gz')))(
  'captures of Xen 4.22 (skipped where ../shared/captures is absent)',
  () => {
    test.each(['healthy-422-3pcpu-2vcpu-lockwait', 'healthy-422-mem-paging', 'healthy-422-mem-sharing'])(
      '%s is healthy',
      async name => {
        expect(await breaches(name, RULES)).toEqual([]);
      },
    );

    test('planted-422-late-reference: what its hypervisor printed, taken or refused', async () => {
      const text = readFileSync(join(CAPTURES, 'planted-422-late-reference.truth.txt'), 'utf8');
      const printed = (how: string) =>
        Array.from(text.matchAll(new RegExp(`gfn (\\w+) mfn (\\w+): .*get_page ${how}`, 'g')), ([, gfn, mfn]) => [
          Number.parseInt(gfn, 16),
          Number.parseInt(mfn, 16),
        ]);
      const found = await breaches('planted-422-late-reference', [...RULES, 'refused-reference']);
      const pages = (what: string) => found.filter(({ what: it }) => it === what).map(({ gfn, mfn }) => [gfn, mfn]);
      expect(printed('succeeds')).toHaveLength(198);
      expect(pages('late-reference proven')).toEqual(printed('succeeds'));
      expect(printed('fails')).toHaveLength(712);
      expect(pages('refused-reference proven')).toEqual(printed('fails'));
      expect(found).toHaveLength(910);
    });
  },
);
