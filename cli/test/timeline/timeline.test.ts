import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { beforeAll, expect, it } from 'vitest';
import { fine, needsBuild, p2mtrace, tempDir } from '../support/cli.js';

needsBuild();
const temp = tempDir();

const a = { lock: '0xa', lock_class: 'p2m', mode: 'mutex', depth: 1 };
const b = { lock: '0xb', lock_class: 'pod', mode: 'mutex', depth: 1 };
const entry = { domid: 1, order: 0, p2m_type: 'ram_rw' };

/**
 * pcpu 0 takes a, then b, and gives back a before b: out of order. pcpu 1 waits for a meanwhile, gets it, and does not give
 * it back. Two entries are made, one of them is removed.
 */
const EVENTS = [
  { kind: 'lock_acquire', tsc: 1000, pcpu: 0, ...a },
  { kind: 'set_entry', tsc: 1100, pcpu: 0, gfn: '0x10', mfn: '0x100', ...entry },
  { kind: 'lock_acquire', tsc: 2000, pcpu: 0, ...b },
  { kind: 'lock_wait', tsc: 2500, pcpu: 1, lock: '0xa', lock_class: 'p2m', mode: 'mutex' },
  { kind: 'set_entry', tsc: 2600, pcpu: 0, gfn: '0x11', mfn: '0x101', ...entry },
  { kind: 'lock_release', tsc: 3000, pcpu: 0, ...a, depth: 0 },
  { kind: 'lock_acquire', tsc: 3200, pcpu: 1, ...a },
  { kind: 'lock_release', tsc: 4000, pcpu: 0, ...b, depth: 0 },
  { kind: 'set_entry', tsc: 5000, pcpu: 1, gfn: '0x10', ...entry, p2m_type: 'invalid' },
];

interface Packet {
  timestamp?: number;
  trackDescriptor?: { uuid: number; name?: string; parentUuid?: number; counter?: { unit: string } };
  trackEvent?: {
    type: string;
    trackUuid: number;
    name?: string;
    counterValue?: number;
    flowIds?: number[];
    terminatingFlowIds?: number[];
    debugAnnotations?: { name: string; stringValue?: string; uintValue?: number }[];
  };
}

let packets: Packet[];
let events: Record<string, unknown>[];

/** As Perfetto reads it: by the numbers of its own schema, with another library than the one that wrote it. */
function decoded(path: string): Packet[] {
  const root = protobuf.parse(readFileSync(join(import.meta.dirname, '../fixtures/perfetto.proto'), 'utf8')).root;
  const Trace = root.lookupType('perfetto.protos.Trace');
  const options = { longs: Number, enums: String };
  return (Trace.toObject(Trace.decode(readFileSync(path)), options) as { packet: Packet[] }).packet;
}

beforeAll(() => {
  writeFileSync(temp('case.ndjson'), EVENTS.map(event => `${JSON.stringify(event)}\n`).join(''));
  fine(['import', temp('case.ndjson'), '-o', temp('case.arrow')]);
  const made = (format: string) => {
    fine(['export', temp('case.arrow'), '--format', format, '--cpu-hz', '1G', '-o', temp(`case.${format}`)]);
    return temp(`case.${format}`);
  };
  packets = decoded(made('pftrace'));
  events = JSON.parse(readFileSync(made('perfetto'), 'utf8')).traceEvents;
});

const uuidOf = (name: string) => packets.find(p => p.trackDescriptor?.name === name)!.trackDescriptor!.uuid;
const on = (name: string) => packets.filter(p => p.trackEvent?.trackUuid === uuidOf(name));
const brief = ({ timestamp, trackEvent }: Packet) =>
  `${timestamp} ${trackEvent!.type.replace('TYPE_', '')} ${trackEvent!.name ?? ''}`.trimEnd();

it('has each hold of a lock, and on a track of its own what was released out of order', () => {
  expect(on('pcpu 0: locks').map(brief)).toEqual(['0 SLICE_BEGIN p2m (mutex)', '2000 SLICE_END']);
  expect(on('pcpu 0: locks, out of order 1').map(brief)).toEqual(['1000 SLICE_BEGIN pod (mutex)', '3000 SLICE_END']);
  // It never ends.
  expect(on('pcpu 1: locks').map(brief)).toEqual(['2200 SLICE_BEGIN p2m (mutex)']);
});

it('draws an arrow from the release of a lock to who waited for it', () => {
  const [flow] = on('pcpu 0: locks')[1].trackEvent!.flowIds!;
  expect(on('pcpu 1: locks')[0].trackEvent!.terminatingFlowIds).toEqual([flow]);
  const flows = packets.flatMap(p => [...(p.trackEvent?.flowIds ?? []), ...(p.trackEvent?.terminatingFlowIds ?? [])]);
  expect(flows).toHaveLength(2);
  const arrows = events.filter(({ ph }) => ph === 's' || ph === 'f');
  expect(arrows.map(({ ph, ts }) => [ph, ts]).sort()).toEqual([
    ['f', 2.2],
    ['s', 1.999],
  ]);
});

it('names changes by their type, so that they group, and has frames as arguments', () => {
  const entries = on('d1: entries');
  expect(entries.map(brief)).toEqual(['100 INSTANT ram_rw', '1600 INSTANT ram_rw', '4000 INSTANT no frame']);
  const args = entries.map(p => p.trackEvent!.debugAnnotations!.find(({ name }) => name === 'gfn')!.stringValue);
  expect(args).toEqual(['0x10', '0x11', '0x10']);
});

it('counts frames that are mapped', () => {
  const track = packets.find(p => p.trackDescriptor?.name?.startsWith('d1: frames mapped'))!.trackDescriptor!;
  expect(track.counter).toEqual({ unit: 'UNIT_COUNT' });
  const values = packets.filter(p => p.trackEvent?.trackUuid === track.uuid);
  expect(values.map(p => [p.timestamp, p.trackEvent!.counterValue])).toEqual([
    [100, 1],
    [1600, 2],
    [4000, 1],
  ]);
});

it('says the same in both forms', () => {
  const slices = packets
    .filter(p => p.trackEvent?.type === 'TYPE_SLICE_BEGIN')
    .map(p => [p.timestamp! / 1000, p.trackEvent!.name]);
  const drawn = events.filter(({ ph }) => ph === 'X' || ph === 'B').map(({ ts, name }) => [ts, name]);
  expect(drawn).toEqual(slices);
  const values = packets.filter(p => p.trackEvent?.type === 'TYPE_COUNTER').length;
  expect(events.filter(({ ph }) => ph === 'C')).toHaveLength(values);
});

it('is refused where no event has a time, with the reason', () => {
  const bare = EVENTS.map(({ tsc: _, ...event }) => `${JSON.stringify(event)}\n`).join('');
  writeFileSync(temp('bare.ndjson'), bare);
  const { code, stderr } = p2mtrace(['export', temp('bare.ndjson'), '--format', 'pftrace', '-o', temp('bare.pftrace')]);
  expect(code).toBe(2);
  expect(stderr).toContain('P2M_NO_TSC');
});

it('shows what is hidden in names', () => {
  const lock = { tsc: 1000, pcpu: 0, lock: '0xa', lock_class: 'p2m\u001b[31m\u202e', mode: 'mutex', depth: 1 };
  writeFileSync(temp('hidden.ndjson'), `${JSON.stringify({ kind: 'lock_acquire', ...lock })}\n`);
  fine(['export', temp('hidden.ndjson'), '--format', 'pftrace', '-o', temp('hidden.pftrace')]);
  const names = decoded(temp('hidden.pftrace')).flatMap(p => p.trackEvent?.name ?? []);
  expect(names[0]).toBe('p2m\\u001b[31m\\u202e (mutex)');
});

it('counts nothing of which records were lost', () => {
  // The entry of 0x10 is seen to the loss, and not again; that of 0x11 from there on.
  const lost = [
    EVENTS[1],
    { kind: 'lost', tsc: 2000, pcpu: 0, count: 5, first_tsc: 1500 },
    { ...EVENTS[1], tsc: 3000, gfn: '0x11', mfn: '0x101' },
  ];
  writeFileSync(temp('lost.ndjson'), lost.map(event => `${JSON.stringify(event)}\n`).join(''));
  fine(['export', temp('lost.ndjson'), '--format', 'pftrace', '-o', temp('lost.pftrace')]);
  const all = decoded(temp('lost.pftrace'));
  const track = all.find(p => p.trackDescriptor?.name?.startsWith('d1: frames mapped'))!.trackDescriptor!;
  const values = all.filter(p => p.trackEvent?.trackUuid === track.uuid).map(p => p.trackEvent!.counterValue);
  expect(values).toEqual([1]);
});
