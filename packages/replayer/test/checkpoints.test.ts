import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { KINDS, type KindName, TraceReader } from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildCheckpoints } from '../src/checkpoints/checkpoint-build.js';
import { traceIdentity } from '../src/checkpoints/trace-identity.js';
import { EventFeed } from '../src/event-feed.js';
import { checkpointPath, type ImageContents, type Replay, replay } from '../src/index.js';
import { arbitraryCases } from './model/arbitrary.js';
import { ndjsonOf } from './model/compare.js';
import { expectSameFields } from './support/same-fields.js';
import { differences, expectSameState, stateOf } from './support/same-state.js';
import { traceMaker } from './support/trace-of.js';

const makeTrace = traceMaker();
const ALL = KINDS.map(({ name }) => name as KindName);

/** Entries and pages of 120 frames, one event each. */
const EVENTS = Array.from({ length: 120 }, (_, i) =>
  i % 2 === 0
    ? { kind: 'set_entry', domid: 1, gfn: i * 700, mfn: i + 1, order: 0, p2m_type: 'ram_rw' }
    : { kind: 'page_alloc', mfn: i * 700, order: 0, owner: 1 },
);

/** The state after each event, by seq + 1, from one replay of the whole. */
function straight(reader: TraceReader): ImageContents[] {
  const trace = replay(reader, { index: false });
  return Array.from({ length: reader.rows + 1 }, (_, i) => stateOf(trace.at(trace.start + i).replayer));
}

/** A replay that tells no notices but those of files written, and throws at others. */
function opened(reader: TraceReader, every: number, inMemory = false): Replay {
  const onNotice = (text: string) => expect(text).toContain('was written');
  return replay(reader, { checkpointEvery: every, inMemory, onNotice });
}

function noticesOf(
  reader: TraceReader,
  visit: readonly number[],
  states: readonly ImageContents[],
  inMemory = false,
): string[] {
  const notices: string[] = [];
  const trace = replay(reader, { checkpointEvery: 20, inMemory, onNotice: text => notices.push(text) });
  for (const seq of visit) expectSameState(stateOf(trace.at(seq).replayer), states[seq + 1]);
  trace.close();
  return notices;
}

describe('a jump', () => {
  test('gives the state of a replay from the start, bit by bit', async () => {
    const property = fc.asyncProperty(
      arbitraryCases(ALL, 60),
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.nat(60), { minLength: 1, maxLength: 12 }),
      fc.boolean(),
      async (one, every, visits, inMemory) => {
        const reader = await makeTrace(ndjsonOf(one));
        const trace = opened(reader, every, inMemory);
        for (const visit of visits) {
          const seq = (visit % (reader.rows + 1)) + trace.start;
          const { replayer } = trace.at(seq);
          const fromStart = replay(reader, { index: false }).at(seq).replayer;
          expectSameState(stateOf(replayer), stateOf(fromStart));
          expectSameFields(replayer, fromStart);
        }
        trace.close();
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  test('uses the file that the first one has left', async () => {
    const reader = await makeTrace(EVENTS);
    const states = straight(reader);
    expect(noticesOf(reader, [119, 3, 70], states)).toHaveLength(1);
    expect(noticesOf(reader, [119, 3, 70], states)).toEqual([]);
  });

  test('leaves no file where it is near, or where none is wanted', async () => {
    const reader = await makeTrace(EVENTS);
    replay(reader).at('end');
    replay(reader, { checkpointEvery: 120 }).at('end');
    replay(reader, { checkpointEvery: 1, index: false }).at('end');
    expect(existsSync(checkpointPath(reader.path))).toBe(false);
  });

  test('makes the file twice as far as it is needed, and anew where that is not enough', async () => {
    const reader = await makeTrace(EVENTS);
    const states = straight(reader);
    expect(noticesOf(reader, [25, 10, 45, 30, 119, 100], states)).toHaveLength(2);
  });

  test('takes other checkpoints where others are asked for', async () => {
    const reader = await makeTrace(EVENTS);
    opened(reader, 50).at('end');
    const size = readFileSync(checkpointPath(reader.path)).length;
    opened(reader, 10).at('end');
    expect(readFileSync(checkpointPath(reader.path)).length).toBeGreaterThan(size);
  });
});

describe('the file of checkpoints', () => {
  test('with a wrong byte, or cut, is found out, and the state is right all the same', async () => {
    const reader = await makeTrace(EVENTS);
    const path = checkpointPath(reader.path);
    const states = straight(reader);
    const visits = [119, 40, 70, 20];
    noticesOf(reader, visits, states);
    const whole = readFileSync(path);
    const wrong = [fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }), fc.boolean()] as const;
    const property = fc.property(...wrong, (at, xor, inMemory) => {
      const bytes = Buffer.from(whole);
      bytes[at] ^= xor;
      // xor 0 stands for a cut
      writeFileSync(path, xor === 0 ? bytes.subarray(0, at) : bytes);
      noticesOf(reader, visits, states, inMemory);
    });
    fc.assert(property, { numRuns: 50 });
  });

  test('is told of where it is damaged, and then made anew', async () => {
    const reader = await makeTrace(EVENTS);
    const path = checkpointPath(reader.path);
    const states = straight(reader);
    noticesOf(reader, [119], states);
    truncateSync(path, 1000);
    expect(noticesOf(reader, [119], states)).toEqual([
      expect.stringContaining('of no use'),
      expect.stringContaining('was written'),
    ]);
    expect(noticesOf(reader, [119], states)).toEqual([]);
  });

  test('of a trace that has been replaced is made anew', async () => {
    const reader = await makeTrace(EVENTS);
    noticesOf(reader, [119], straight(reader));
    const other = await makeTrace(EVENTS.map(event => ({ ...event, mfn: event.mfn + 1 })));
    copyFileSync(other.path, reader.path);
    const replaced = TraceReader.open(reader.path);
    const states = straight(replaced);
    expect(differences(states[120], straight(other)[120])).toEqual([]);
    expect(noticesOf(replaced, [119, 50], states)).toEqual([expect.stringContaining('was written')]);
    replaced.close();
  });

  test('that can not be written is done without, which is said once', async () => {
    const reader = await makeTrace(EVENTS);
    const path = checkpointPath(reader.path);
    const states = straight(reader);
    // Nothing can be renamed to a directory.
    mkdirSync(path);
    const notices = noticesOf(reader, [119, 10, 119, 60], states);
    rmSync(path, { recursive: true });
    expect(notices).toEqual([expect.stringContaining('no use'), expect.stringContaining('no checkpoints are kept')]);
    expect(leftovers(path)).toEqual([]);
  });

  test('may be replaced by another process while it is in use', async () => {
    const reader = await makeTrace(EVENTS);
    const states = straight(reader);
    const [one, other] = [opened(reader, 20), opened(reader, 7)];
    one.at(119);
    other.at(119);
    for (const seq of [50, 90, 25, 119]) {
      expectSameState(stateOf(one.at(seq).replayer), states[seq + 1]);
      expectSameState(stateOf(other.at(seq).replayer), states[seq + 1]);
    }
    expect(leftovers(checkpointPath(reader.path))).toEqual([]);
  });

  test('has fewer checkpoints where they would take too much room', async () => {
    const reader = await makeTrace(EVENTS);
    const path = checkpointPath(reader.path);
    const identity = traceIdentity(reader) ?? '';
    const feed = new EventFeed(reader);
    const sizes = [Number.POSITIVE_INFINITY, 5000, 0].map(perEvent => {
      const roomFor = (events: number) => events * perEvent;
      buildCheckpoints(feed, feed.start(), { path, identity, every: 20, until: 120, roomFor });
      return readFileSync(path).length;
    });
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(new Set(sizes).size).toBe(3);
    expect(noticesOf(reader, [119, 50], straight(reader))).toEqual([]);
  });
});

const leftovers = (path: string): string[] =>
  readdirSync(dirname(path)).filter(name => name.startsWith(basename(path)) && name.endsWith('.partial'));
