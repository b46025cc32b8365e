import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { importXentraceStream, TraceReader } from '@p2mtrace/trace-format';
import { expect, test } from 'vitest';
import { tempDir } from '../../trace-format/test/support/temp-dir.js';
import { analyzeTrace } from '../src/index.js';

const CAPTURES = join(import.meta.dirname, '../../../../shared/captures');
const path = tempDir();
const HEALTHY = ['pv-blk', 'shadow', 'mem-sharing', 'mem-paging', '3pcpu-2vcpu-lockwait'];

// Skipped where ../shared/captures is absent. Their README says that nothing is wrong with them.
test.each(HEALTHY.filter(name => existsSync(join(CAPTURES, `healthy-422-${name}.bin.gz`))))(
  'healthy-422-%s: references and types are counted right',
  async name => {
    const input = createReadStream(join(CAPTURES, `healthy-422-${name}.bin.gz`)).pipe(createGunzip());
    await importXentraceStream(input, name, path('capture.arrow'), { xenVersion: '4.22' });
    const reader = TraceReader.open(path('capture.arrow'));
    const { findings, notChecked } = await analyzeTrace(reader, { only: ['refcount'] });
    reader.close();
    expect(findings).toEqual([]);
    for (const rule of ['refcount.leak', 'refcount.put-too-many']) {
      expect(notChecked.map(one => one.rule)).not.toContain(rule);
    }
  },
);
