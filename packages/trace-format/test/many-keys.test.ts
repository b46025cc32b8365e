import { expect, test } from 'vitest';
import { parseLine } from '../src/ndjson/decode-lines.js';

test('of many keys, the one that is given twice is found in one pass', () => {
  const keys = Array.from({ length: 80_000 }, (_, i) => `"k${i}":1`);
  const started = process.cpuUsage();
  expect(() => parseLine(`{${keys.join(',')},"k79999":1}`)).toThrow('k79999 is given twice');
  // One look for each pair of keys takes longer than this.
  expect(process.cpuUsage(started).user / 1e6).toBeLessThan(2);
});
