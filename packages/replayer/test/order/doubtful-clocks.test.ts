import type { TraceReader } from '@p2mtrace/trace-format';
import { expect, it } from 'vitest';
import { replayTrace } from '../../src/index.js';
import { breachesOf } from '../support/breaches-of.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();
type Pairs = [number, number][];

/** As if the import had found that these clocks contradict each other. */
function withClocks(reader: TraceReader, contradictory: Pairs): TraceReader {
  const health = {
    ...{ bytes: 0, skippedBytes: 0, records: 0, byId: {}, unknownById: {}, misfits: 0, lost: [], withoutTsc: 0 },
    pcpus: [0, 1, 2].map(pcpu => ({ pcpu, records: 1, firstTsc: '0', lastTsc: '9000' })),
    order: { confidence: 'contradictory' as const, late: 0, contradictory },
    problems: [],
  };
  reader.metadata = { ...reader.metadata, health };
  return reader;
}

const free = { kind: 'page_free', mfn: 5, order: 0, owner: 1, pcpu: 2, tsc: 1000 };
const get = { kind: 'get_page', mfn: 5, owner: 1, pcpu: 1, tsc: 5000 };
const mark = { kind: 'mark', pcpu: 1, tsc: 4000 };

it('nothing is proven by the order of a pcpu whose clock does not fit another, with whichever pcpu', async () => {
  const judged = async (pairs: Pairs) => breachesOf(withClocks(await traceOf([free, mark, get]), pairs));
  expect(await judged([])).toEqual(['proven get-on-free at 0, 2']);
  expect(await judged([[1, 2]])).toEqual(['possible get-on-free at 0, 2']);
  // pcpu 1 or pcpu 0 is wrong: if it is pcpu 1, its get_page may have come before the page_free of pcpu 2.
  expect(await judged([[0, 1]])).toEqual(['possible get-on-free at 0, 2']);
});

it('what such a pcpu looks up is no sign of what the entry is now', async () => {
  const entry = { domid: 1, gfn: 0x10, order: 0 };
  const written = { kind: 'set_entry', ...entry, p2m_type: 'invalid', pcpu: 2, tsc: 1000 };
  const found = { kind: 'lookup', ...entry, mfn: 5, p2m_type: 'ram_rw', pcpu: 1, tsc: 5000 };
  const replayed = async (pairs: Pairs) => {
    const { p2ms, health } = replayTrace(withClocks(await traceOf([written, mark, found]), pairs));
    const host = p2ms.find(({ domid }) => domid === 1);
    return { isMapped: host?.find(0x10) === true && host.foundMfn(0x10) === 5, diverges: health.divergences.openRows };
  };
  expect(await replayed([])).toEqual({ isMapped: true, diverges: 1 });
  expect(await replayed([[0, 1]])).toEqual({ isMapped: false, diverges: 0 });
});
