import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  backToChange,
  backToMatch,
  forwardToChange,
  forwardToMatch,
  found,
  parseExpression,
  parseSubject,
  type Replay,
  replay,
  type Subject,
  stateOf,
} from '../../src/index.js';
import { stateKey } from '../../src/travel/subject-state.js';
import { arbitraryEvents } from '../support/arbitrary-events.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();

/** Every event that changes the subject, found step by step from the start, and back from the end. */
function forward(trace: Replay, subject: Subject): number[] {
  const seqs: number[] = [];
  for (let at: number | undefined = trace.start; ; seqs.push(at)) {
    at = found(forwardToChange(trace, subject, at));
    if (at === undefined) return seqs;
  }
}
function back(trace: Replay, subject: Subject): number[] {
  const seqs: number[] = [];
  for (let at: number | undefined = trace.end; ; at = seqs[0] - 1) {
    at = found(backToChange(trace, subject, at));
    if (at === undefined) return seqs;
    seqs.unshift(at);
  }
}

/** The same by looking at the state after each event. */
function plainly(trace: Replay, subject: Subject): number[] {
  const look = stateOf(trace.reader, subject);
  const keys = Array.from({ length: trace.end - trace.start + 1 }, (_, i) => stateKey(look(trace.at(trace.start + i))));
  return keys.flatMap((key, i) => (i > 0 && key !== keys[i - 1] ? [trace.start + i] : []));
}

/** The reverse map takes the mfn of a superpage for aligned to it, as hardware does. */
const alignedEvents = arbitraryEvents.map(events =>
  events.map(event => {
    const { mfn, order } = event as { mfn?: number; order?: number };
    return mfn == null || order === undefined ? event : { ...event, mfn: mfn - (mfn % 2 ** order) };
  }),
);

const entry = { kind: 'set_entry', domid: 1, order: 0, p2m_type: 'ram_rw' };

describe('events that change', () => {
  it('a gfn are writes of its entry that make it another, split superpages included', async () => {
    const trace = replay(
      await traceOf([
        { ...entry, gfn: 0x200, mfn: 0x1000, order: 9 },
        { ...entry, gfn: 0x201, mfn: 0x5 }, // splits the superpage; what 0x210 maps stays
        { ...entry, gfn: 0x210, mfn: 0x1010 }, // what it was
        { ...entry, gfn: 0x210, mfn: 0x9, flags: ['failed'] },
        { kind: 'lookup', domid: 1, gfn: 0x210, mfn: 0x1010, p2m_type: 'ram_rw' },
        { ...entry, gfn: 0x210, mfn: 0x1010, p2m_type: 'ram_ro' },
        { ...entry, gfn: 0x210, p2m_type: 'invalid' },
      ]),
    );
    const subject = parseSubject('gfn', '1:0x210');
    expect(forward(trace, subject)).toEqual([0, 5, 6]);
    expect(back(trace, subject)).toEqual([0, 5, 6]);
  });

  it('an mfn include the write that stops mapping it, which does not name it', async () => {
    const trace = replay(
      await traceOf([
        { kind: 'page_alloc', mfn: 0x100, order: 0, owner: 1 },
        { ...entry, gfn: 0x10, mfn: 0x100 },
        { kind: 'mark' },
        { ...entry, gfn: 0x10, p2m_type: 'invalid' },
        { kind: 'get_page', mfn: 0x100 },
        { kind: 'page_use', mfn: 0x100, flags: ['read'] },
        { kind: 'm2p_set', mfn: 0x100, gfn: 0x10 },
      ]),
    );
    expect(forward(trace, parseSubject('mfn', '0x100'))).toEqual([0, 1, 3, 4, 6]);
    expect(back(trace, parseSubject('mfn', '0x100'))).toEqual([0, 1, 3, 4, 6]);
  });

  it('a lock are its acquisitions and releases', async () => {
    const lock = { lock: '0x10', lock_class: 'p2m', mode: 'write', level: 16 };
    const trace = replay(
      await traceOf([
        { ...lock, kind: 'lock_acquire', pcpu: 0 },
        { ...lock, kind: 'lock_wait', pcpu: 1 },
        { ...lock, kind: 'lock_release', pcpu: 0 },
        { ...lock, kind: 'lock_acquire', pcpu: 1 },
      ]),
    );
    expect(forward(trace, parseSubject('lock', 'p2m'))).toEqual([0, 2, 3]);
    expect(back(trace, parseSubject('lock', '0x10'))).toEqual([0, 2, 3]);
  });

  it('are none of a domain, nor of a class of several locks', async () => {
    const lock = { kind: 'lock_acquire', pcpu: 0, lock_class: 'p2m', mode: 'write' };
    const trace = replay(
      await traceOf([
        { ...lock, lock: '0x10' },
        { ...lock, lock: '0x20' },
      ]),
    );
    const refused = (code: string) => expect.objectContaining({ code, blame: 'usage' });
    expect(() => forward(trace, parseSubject('domain', '1'))).toThrow(refused('P2M_SUBJECT'));
    expect(() => forward(trace, parseSubject('lock', 'p2m'))).toThrow(refused('P2M_SUBJECT'));
    expect(() => forward(trace, parseSubject('gfn', '1:1@altp2m:9'))).toThrow(refused('P2M_VIEW'));
  });

  it('are those after which the state is another, whatever happens', async () => {
    const subjects = [
      parseSubject('gfn', '1:0x11'),
      parseSubject('gfn', '2:0x200@host'),
      parseSubject('mfn', '0x101'),
      parseSubject('mfn', '0x1ff'),
    ];
    await fc.assert(
      fc.asyncProperty(alignedEvents, async events => {
        const trace = replay(await traceOf(events), { index: false });
        const named = trace.reader.names.lock.map(lock => parseSubject('lock', lock));
        for (const subject of [...subjects, ...named]) {
          const expected = plainly(trace, subject);
          expect(forward(trace, subject)).toEqual(expected);
          expect(back(trace, subject)).toEqual(expected);
        }
      }),
      { numRuns: 150 },
    );
  });
});

it('a search for a condition goes on behind, or before, where it begins', async () => {
  const [mark, lost] = [{ kind: 'mark' }, { kind: 'lost', count: 1 }];
  const reader = await traceOf([mark, lost, mark, lost]);
  const filter = parseExpression('kind == lost', reader.names);
  expect([-1, 0, 1, 3].map(at => found(forwardToMatch(reader, filter, at)))).toEqual([1, 1, 3, undefined]);
  expect([4, 3, 1, 0].map(at => found(backToMatch(reader, filter, at)))).toEqual([3, 1, undefined, undefined]);
});
