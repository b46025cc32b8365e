import type { TraceReader } from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EventReader,
  eventsTouching,
  parseSubject,
  type Subject,
  subjectText,
  type TraceEvent,
} from '../../src/index.js';
import { arbitraryEvents } from '../support/arbitrary-events.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();
const touched = (reader: TraceReader, about: string, which: string, range = {}) => [
  ...eventsTouching(reader, parseSubject(about, which), range),
];

describe('a subject as text', () => {
  it.each([
    ['gfn', '1:0x1234', { about: 'gfn', domid: 1, gfn: 0x1234 }],
    ['gfn', '0x1:4660@altp2m:0', { about: 'gfn', domid: 1, gfn: 0x1234, view: 'altp2m:0' }],
    ['mfn', '0xFFfff', { about: 'mfn', mfn: 0xfffff }],
    ['lock', 'p2m', { about: 'lock', lock: 'p2m' }],
    ['domain', '32767', { about: 'domain', domid: 32767 }],
  ])('%s %s', (about, text, subject) => {
    expect(parseSubject(about, text)).toEqual(subject);
    expect(parseSubject(about, subjectText(subject as Subject).split(' ')[1])).toEqual(subject);
  });

  it.each([
    ['gfn', '0x1234'],
    ['gfn', '1:'],
    ['gfn', '32768:1'],
    ['gfn', '1:1@'],
    ['gfn', '1:0x10000000000000'],
    ['mfn', '9fe5e'],
    ['mfn', '-1'],
    ['mfn', ''],
    ['domain', 'dom0'],
    ['vcpu', '1'],
  ])('%s %j is none', (about, text) => {
    expect(() => parseSubject(about, text)).toThrow(expect.objectContaining({ code: 'P2M_SUBJECT', blame: 'usage' }));
  });

  it('must be in the trace where it is a view or a lock', async () => {
    const reader = await traceOf([{ kind: 'mark' }]);
    expect(() => touched(reader, 'gfn', '1:1@altp2m:3')).toThrow(expect.objectContaining({ code: 'P2M_VIEW' }));
    expect(() => touched(reader, 'lock', '0x10')).toThrow(expect.objectContaining({ code: 'P2M_SUBJECT' }));
  });
});

describe('events that touch a gfn', () => {
  const entry = { kind: 'set_entry', domid: 1, p2m_type: 'ram_rw' };

  it('are those of its range, whatever its size, in its domain', async () => {
    const reader = await traceOf([
      { ...entry, gfn: 0x200, mfn: 0x100, order: 9 },
      { ...entry, gfn: 0x3ff, mfn: 0x101, order: 0 },
      { ...entry, gfn: 0x400, mfn: 0x102, order: 0 },
      { ...entry, gfn: 0x5, mfn: 0x100, order: 18 },
      { ...entry, domid: 2, gfn: 0x3ff, order: 0 },
      // A lookup says how large the entry is that it found, not what it asked for.
      { kind: 'lookup', domid: 1, gfn: 0x200, mfn: 0x100, order: 9 },
      { kind: 'put_gfn', domid: 1, gfn: 0x200, order: 9 },
      { kind: 'type_change_range', domid: 1, gfn: 0x3ff, end: 0x400, p2m_type: 'ram_ro' },
      { kind: 'type_change_range', domid: 1, gfn: 0x300, end: 0x3ff, p2m_type: 'ram_ro' },
      { kind: 'npf', cur_domid: 1, pcpu: 0, gfn: 0x3ff },
      { kind: 'npf', cur_domid: 2, pcpu: 0, gfn: 0x3ff },
      { kind: 'lost', count: 1 },
      { kind: 'domain_create', domid: 1 },
    ]);
    expect(touched(reader, 'gfn', '1:0x3ff')).toEqual([0, 1, 3, 6, 7, 9, 11, 12]);
    expect(touched(reader, 'gfn', '1:0x3ff', { from: 1, to: 9 })).toEqual([1, 3, 6, 7]);
  });

  it('are those of its view where one is named; what has no view is the host', async () => {
    const reader = await traceOf([
      { kind: 'view_create', domid: 1, view: 'altp2m:1' },
      { ...entry, view: 'altp2m:1', gfn: 7, order: 0 },
      { ...entry, gfn: 7, order: 0 },
      { kind: 'pod_populate', domid: 1, gfn: 7, mfn: 8, order: 0 },
      { kind: 'view_reset', domid: 1, view: 'altp2m:1' },
    ]);
    expect(touched(reader, 'gfn', '1:7@altp2m:1')).toEqual([0, 1, 4]);
    expect(touched(reader, 'gfn', '1:7@host')).toEqual([2, 3]);
    expect(touched(reader, 'gfn', '1:7')).toEqual([0, 1, 2, 3, 4]);
  });

  it('do not take what is absent for 0', async () => {
    const reader = await traceOf([
      { kind: 'snapshot', mfn: 5 },
      { kind: 'lookup', domid: 0 },
      { kind: 'page_use', mfn: 0, flags: [] },
    ]);
    expect(touched(reader, 'gfn', '0:0')).toEqual([]);
    expect(touched(reader, 'mfn', '0')).toEqual([2]);
  });
});

it('events that touch an mfn are those of its range, and both frames of an override', async () => {
  const reader = await traceOf([
    { kind: 'page_alloc', mfn: 0x200, order: 9, owner: 1 },
    { kind: 'page_free', mfn: 0x3ff, order: 0 },
    { kind: 'page_free', mfn: 0x400, order: 0 },
    { kind: 'set_entry', domid: 1, gfn: 0, order: 9, p2m_type: 'ram_rw', mfn: 0x200 },
    // A reclaimed superpage is named by its last frame (docs/xen.md#pod-record-frames).
    { kind: 'pod_zero_reclaim', domid: 1, gfn: 0, mfn: 0x3ff, order: 9 },
    { kind: 'pod_zero_reclaim', domid: 1, gfn: 0, mfn: 0x400, order: 0 },
    { kind: 'm2p_override_add', domid: 1, gfn: 1, mfn: 0x500, old_mfn: 0x3ff },
    { kind: 'm2p_set', mfn: 0x3ff },
    { kind: 'lost', count: 1 },
  ]);
  expect(touched(reader, 'mfn', '0x3ff')).toEqual([0, 1, 3, 4, 6, 7, 8]);
  expect(touched(reader, 'mfn', '0x200')).toEqual([0, 3, 4, 8]);
});

it('events that touch a lock are its own, or those of its class', async () => {
  const lock = { pcpu: 0, mode: 'write' };
  const reader = await traceOf([
    { ...lock, kind: 'lock_wait', lock: '0x10', lock_class: 'p2m' },
    { ...lock, kind: 'lock_acquire', lock: '0x10', lock_class: 'p2m' },
    { ...lock, kind: 'lock_acquire', lock: '0x20', lock_class: 'p2m' },
    { ...lock, kind: 'lock_release', lock: '0x10', lock_class: 'p2m' },
    { ...lock, kind: 'lock_acquire', lock: '0x30', lock_class: 'pod' },
    { kind: 'mark' },
  ]);
  expect(touched(reader, 'lock', '0x10')).toEqual([0, 1, 3]);
  expect(touched(reader, 'lock', 'p2m')).toEqual([0, 1, 2, 3]);
});

it('events that touch a domain are about it, or about pages that it has or had', async () => {
  const reader = await traceOf([
    { kind: 'page_alloc', mfn: 1, order: 0, owner: 3 },
    { kind: 'owner_set', mfn: 1, owner: 4, old_owner: 3 },
    { kind: 'lookup', domid: 3, gfn: 1 },
    { kind: 'get_page', mfn: 1, owner: 4 },
    { kind: 'mark', cur_domid: 3, pcpu: 0 },
  ]);
  expect(touched(reader, 'domain', '3')).toEqual([0, 1, 2]);
  expect(touched(reader, 'domain', '0')).toEqual([]);
});

/** The same said plainly, of one event as NDJSON has it. */
function plainlyTouches(event: TraceEvent, subject: Subject): boolean {
  const number = (name: string) => (event[name] === undefined ? undefined : Number(event[name]));
  const frames = 2 ** (event.kind === 'lookup' ? 0 : (number('order') ?? 0));
  if (event.kind === 'lost') return true;
  switch (subject.about) {
    case 'gfn': {
      if (number('domid') !== subject.domid) return false;
      if (event.kind === 'domain_create') return true;
      const gfn = number('gfn');
      const view = event.view ?? 'host';
      const inView = subject.view === undefined || subject.view === view;
      return gfn !== undefined && inView && Math.floor(gfn / frames) === Math.floor(subject.gfn / frames);
    }
    case 'mfn': {
      const mfn = number('mfn');
      return mfn !== undefined && subject.mfn >= mfn && subject.mfn < mfn + frames;
    }
    case 'lock':
      return event.lock === subject.lock || event.lock_class === subject.lock;
    case 'domain':
      return [number('domid'), number('owner'), number('old_owner')].includes(subject.domid);
  }
}

const SUBJECTS: Subject[] = [
  { about: 'gfn', domid: 1, gfn: 0x11 },
  { about: 'gfn', domid: 2, gfn: 0x3_ffff, view: 'host' },
  { about: 'mfn', mfn: 0x1ff },
  { about: 'mfn', mfn: 0x10_0000_0000 },
  { about: 'domain', domid: 2 },
];

it('is what each event says by itself, forward and backward', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryEvents, async events => {
      const reader = await traceOf(events);
      const reading = new EventReader(reader);
      const all = events.map((_, seq) => reading.at(seq) as TraceEvent);
      for (const subject of SUBJECTS) {
        const expected = all.filter(event => plainlyTouches(event, subject)).map(({ seq }) => seq);
        expect([...eventsTouching(reader, subject)]).toEqual(expected);
        expect([...eventsTouching(reader, subject, {}, 'backward')]).toEqual(expected.toReversed());
      }
    }),
    { numRuns: 40 },
  );
});
