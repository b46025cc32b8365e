import { describe, expect, it } from 'vitest';
import { detectContent } from '../src/input/detect.js';
import { parseDomids, parseFrequency, parseSeq } from '../src/options.js';
import { jsonText } from '../src/render/json.js';

describe('values of options', () => {
  it.each([
    ['2500000000', 2_500_000_000],
    ['2.5G', 2_500_000_000],
    ['2500M', 2_500_000_000],
    ['2.1GHz', 2_100_000_000],
    ['32768', 32_768],
  ])('frequency %s', (text, hz) => expect(parseFrequency(text)).toBe(hz));
  it.each(['', '0', '-1', 'G', '2.5T', '1e9', '2,5G'])('no frequency %j', text => {
    expect(() => parseFrequency(text)).toThrow('Expected a frequency');
  });
  it('domains and seqs', () => {
    expect(parseDomids('0,3')).toEqual([0, 3]);
    expect(() => parseDomids('0,')).toThrow();
    expect(() => parseDomids('65536')).toThrow();
    expect([parseSeq('#12'), parseSeq('12'), parseSeq('0xc')]).toEqual([12, 12, 12]);
    expect(() => parseSeq('9007199254740993')).toThrow();
  });
});

describe('what an input is', () => {
  it.each([
    ['', 'empty'],
    ['\u001f\u008b\u0008', 'gzip'],
    ['{"kind"', 'ndjson'],
    ['# a case', 'ndjson'],
    ['// a case', 'ndjson'],
    [' \r\n\t{', 'ndjson'],
    ['\u00ef\u00bb\u00bf{', 'ndjson'],
    ['\n\n', 'ndjson'],
    ['/etc', 'xentrace'],
    ['hello', 'xentrace'],
    ['\u0003\u00f0\u0001\u0020', 'xentrace'],
    // A big-endian header begins with a blank.
    ['\u0020\u0001\u00f0\u0003', 'xentrace'],
  ])('%j is %s', (text, content) => expect(detectContent(Buffer.from(text, 'latin1'))).toBe(content));
});

it('JSON keeps u64', () => {
  expect(jsonText([1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 64n - 1n, null, Uint8Array.of(1, 255)])).toBe(
    '[1,9007199254740991,"9007199254740992","18446744073709551615",null,"01ff"]',
  );
});
