import { describe, expect, it } from 'vitest';
import { parsePosition, resolvePosition } from '../src/index.js';
import { traceMaker } from './support/trace-of.js';

const traceOf = traceMaker();

describe('a position as text', () => {
  it.each([
    ['start', { at: 'start' }],
    ['end', { at: 'end' }],
    ['seq:120', { at: 'seq', seq: 120 }],
    ['#0', { at: 'seq', seq: 0 }],
    ['tsc:0xffffffffffffffff', { at: 'tsc', tsc: 2n ** 64n - 1n }],
    ['120', { at: 'seq', seq: 120 }],
    ['1.5s', { at: 'time', nanoseconds: 1_500_000_000n }],
    ['2026-11-29T01:02:03Z', { at: 'date', nanoseconds: 1_795_914_123_000_000_000n }],
    ['2026-11-29T02:02:03.25+01:00', { at: 'date', nanoseconds: 1_795_914_123_250_000_000n }],
    ['tsc:12', { at: 'tsc', tsc: 12n }],
    ['time:1.5s', { at: 'time', nanoseconds: 1_500_000_000n }],
    ['+20ms', { at: 'time', nanoseconds: 20_000_000n }],
    ['+0.25us', { at: 'time', nanoseconds: 250n }],
    ['time:7ns', { at: 'time', nanoseconds: 7n }],
  ])('%s', (text, position) => expect(parsePosition(text)).toEqual(position));

  it.each([
    '',
    'noon',
    '#',
    '#-1',
    'seq:1.5',
    '#9007199254740993',
    'tsc:',
    'tsc:0xg',
    'time:1',
    '+1.s',
    '+1h',
    '1.5',
    '2026-11-29',
    '2026-11-29T01:02:03',
    '2026-13-29T01:02:03Z',
  ])('%j is none', text => {
    expect(() => parsePosition(text)).toThrow(expect.objectContaining({ code: 'P2M_POSITION', blame: 'usage' }));
  });
});

describe('a position in a trace', () => {
  const events = [1000, 2000, 2000, 3000, undefined].map(tsc => ({ kind: 'mark', tsc }));
  /** A thousand ticks a second. */
  const clock = { p2mtrace: 1, tscHz: 1000 };

  it.each([
    ['start', 0],
    ['end', 5],
    ['#0', 1],
    ['#4', 5],
    ['tsc:999', 0],
    ['tsc:1000', 1],
    ['tsc:1999', 1],
    ['tsc:2000', 3],
    ['tsc:3000', 5],
    ['+0s', 1],
    ['+999ms', 1],
    ['+1s', 3],
    ['time:1.9999s', 3],
    ['time:2s', 5],
  ])('%s is before event %i', async (text, until) => {
    expect(resolvePosition(await traceOf([clock, ...events]), parsePosition(text))).toBe(until);
  });

  it('needs to know when the trace begins for a time of day', async () => {
    const reader = await traceOf([clock, ...events]);
    const date = parsePosition('2026-11-29T00:00:01Z');
    expect(() => resolvePosition(reader, date)).toThrow(expect.objectContaining({ code: 'P2M_NO_CLOCK' }));
    const start = BigInt(Date.UTC(2026, 10, 29)) * 1_000_000n;
    expect(resolvePosition(reader, date, undefined, start)).toBe(3);
    // An hour later, the date is before the trace.
    expect(resolvePosition(reader, date, undefined, start + 3_600_000_000_000n)).toBe(0);
  });

  it('needs a clock for seconds, that of the trace or another', async () => {
    const reader = await traceOf(events);
    const second = parsePosition('+1s');
    expect(() => resolvePosition(reader, second)).toThrow(expect.objectContaining({ code: 'P2M_NO_CLOCK' }));
    expect(resolvePosition(reader, second, 1000)).toBe(3);
    expect(resolvePosition(await traceOf([clock, ...events]), second, 2000)).toBe(5);
  });

  it('has to exist', async () => {
    const usage = (code: string) => expect.objectContaining({ code, blame: 'usage' });
    const reader = await traceOf(events);
    expect(() => resolvePosition(reader, parsePosition('#5'))).toThrow(usage('P2M_POSITION'));
    const timeless = await traceOf([{ kind: 'mark' }]);
    expect(() => resolvePosition(timeless, parsePosition('tsc:1'))).toThrow(usage('P2M_NO_TSC'));
    expect(resolvePosition(await traceOf([]), parsePosition('end'))).toBe(0);
  });
});
