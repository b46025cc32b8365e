import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { importXentraceFile } from '@p2mtrace/trace-format/xentrace';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTraceSession, type TraceSession } from '../../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-sched-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A change of runstate: 0 running, 1 runnable, 2 blocked, 3 offline. */
const change = (tsc: number, vcpu: number, before: number, after: number, pcpu = 0) => ({
  kind: 'sched_switch',
  tsc,
  pcpu,
  domid: 1,
  vcpu,
  runstate: 16 * before + after,
});
const vmexit = (tsc: number, reason: number, pcpu = 0) => {
  const word = [0, 8, 16, 24].map(shift => ((reason >>> shift) & 0xff).toString(16).padStart(2, '0')).join('');
  return { kind: 'unknown', tsc, pcpu, cur_domid: 1, cur_vcpu: 0, event_id: 0x81102, raw: `${word}0011223344556677` };
};
const vmentry = (tsc: number, pcpu = 0) => ({ kind: 'unknown', tsc, pcpu, event_id: 0x81001, raw: '' });

describe('by hand', () => {
  let reader: TraceReader;
  let session: TraceSession;
  beforeAll(async () => {
    const events = [
      change(100, 0, 2, 1),
      change(110, 0, 1, 0), // runnable for 10
      vmexit(115, 0x400),
      vmentry(118), // 3 for a nested page fault
      change(150, 0, 0, 2), // ran for 40
      change(160, 1, 1, 0, 1),
      change(170, 0, 2, 0), // blocked for 20
      vmexit(172, 0x78),
      { kind: 'lost', tsc: 174, pcpu: 0, count: 5 },
      vmentry(175), // another entry than that of the exit at 172
      change(190, 0, 1, 0), // somebody took it off between: the 20 before are unknown
      change(200, 1, 0, 3, 1), // vcpu 1 ran for 40: what pcpu 0 lost does not matter
      change(230, 0, 0, 2), // ran for 40
    ];
    const path = join(folder, 'hand.ndjson');
    writeFileSync(path, events.map(event => `${JSON.stringify(event)}\n`).join(''));
    await importNdjson(path, path, join(folder, 'hand.arrow'));
    reader = TraceReader.open(join(folder, 'hand.arrow'));
    session = await openTraceSession(reader);
  });
  afterAll(async () => {
    await session?.close();
    reader?.close();
  });
  const rows = async (sql: string) =>
    (await session.runAll(sql)).rows.map(row => row.map(value => (typeof value === 'bigint' ? Number(value) : value)));

  it('each vcpu has its times, and what is unknown is no time of any state', async () => {
    const columns = 'vcpu, running, runnable, blocked, offline, unknown, runs';
    expect(await rows(`select ${columns} from vcpu_time`)).toEqual([
      [0, 80, 10, 20, 0, 20, 3],
      [1, 40, 0, 0, 0, 0, 1],
    ]);
    expect(await rows('select domid, vcpus, running, unknown from domain_time')).toEqual([[1, 2, 120, 20]]);
  });

  it('a state that records were lost in is not sure, though the next change fits it', async () => {
    const lost = (tsc: number, pcpu: number | undefined) => ({ kind: 'lost', tsc, pcpu, count: 5 });
    const timesOf = async (...events: object[]) => {
      const path = join(folder, 'lost.ndjson');
      writeFileSync(path, events.map(event => `${JSON.stringify(event)}\n`).join(''));
      await importNdjson(path, path, join(folder, 'lost.arrow'));
      const trace = TraceReader.open(join(folder, 'lost.arrow'));
      const own = await openTraceSession(trace);
      try {
        return (await own.runAll('select running, blocked, unknown from vcpu_time')).rows[0].map(value =>
          value === null ? null : Number(value),
        );
      } finally {
        await own.close();
        trace.close();
      }
    };
    const story = (...between: object[]) => [
      change(10, 0, 1, 0),
      ...between,
      change(30, 0, 0, 2),
      change(70, 0, 2, 1, 1),
    ];
    expect(await timesOf(...story())).toEqual([20, 40, 0]);
    expect(await timesOf(...story(lost(20, 0)))).toEqual([0, 40, 20]);
    expect(await timesOf(...story(lost(20, 1)))).toEqual([20, 40, 0]);
    expect(await timesOf(...story(lost(20, undefined)))).toEqual([0, 40, 20]);
    // While it is blocked, any pcpu may wake it and run it.
    expect(await timesOf(...story().slice(0, 2), lost(50, 1), ...story().slice(2))).toEqual([20, 0, 40]);
    const untimed = story().map(({ tsc: _, ...event }: object & { tsc?: number }) => event);
    expect(await timesOf(...untimed)).toEqual([null, null, null]);
  });

  it('an exit code above 2^31 has no name, and stops nothing', async () => {
    expect(await rows('select svm_exit(0x80000021::ubigint), vmx_exit(0xffffffff::ubigint), vmx_exit(48)')).toEqual([
      [null, null, 'EPT_VIOLATION'],
    ]);
  });

  it('an exit lasts until the entry that follows, unless records were lost between', async () => {
    expect(await rows('select domid, reason, amd, exits, timed, ticks from exit_reasons order by reason')).toEqual([
      [1, 0x78, 'HLT', 1, 0, null],
      [1, 0x400, 'NPF', 1, 1, 3],
    ]);
  });
});

const CAPTURE = fileURLToPath(new URL('../../../../../shared/captures/stock-all-pvh.bin', import.meta.url));
const hasXenalyze = spawnSync('xenalyze', ['--help']).error === undefined;

describe.skipIf(!existsSync(CAPTURE) || !hasXenalyze)('against the summary of xenalyze', () => {
  it('domains run as long, and leave for the same reasons as often', { timeout: 120_000 }, async () => {
    const { stdout } = spawnSync('xenalyze', ['--svm-mode', '--cpu-hz', '2.5G', '-s', CAPTURE], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    expect(stdout).not.toBe('');
    const path = join(folder, 'all.arrow');
    await importXentraceFile(CAPTURE, path, {});
    const reader = TraceReader.open(path);
    const session = await openTraceSession(reader, { tscHz: 2.5e9 });
    try {
      const sql = `select domid, tick_seconds(running), tick_seconds(runnable), tick_seconds(blocked), unknown from domain_time`;
      const ours = new Map(
        (await session.runAll(sql)).rows.map(([domid, ...times]) => [Number(domid), times.map(Number)]),
      );
      // Sections of domains, each with a line for each vcpu's runstate: count, seconds.
      const sections = stdout.split(/^\|-- Domain /m).slice(1);
      let compared = 0;
      for (const section of sections) {
        const domid = Number.parseInt(section, 10);
        const [vcpu] = section.split('-- v0 --').slice(1);
        const times = ours.get(domid);
        if (vcpu === undefined || times === undefined || domid === 32767) continue;
        for (const [i, state] of ['running', 'runnable', 'blocked'].entries()) {
          const [, seconds] = new RegExp(`^ +${state}: +\\d+ +([\\d.]+)s`, 'm').exec(vcpu) ?? [];
          // It rounds to 10 ms, and counts the end of the trace to the last state.
          expect(Math.abs(times[i] - Number(seconds)), `d${domid} ${state}`).toBeLessThan(0.02);
          compared++;
        }
        expect(times[3]).toBe(0);
      }
      expect(compared).toBe(6);
      const exits = await session.runAll('select amd, exits, tick_seconds(ticks) from exit_reasons where domid = 2');
      const theirs = new Map(
        [...stdout.matchAll(/^ VMEXIT_(\w+) +(\d+) +([\d.]+)s/gm)].map(([, name, count, seconds]) => [
          name,
          [count, seconds],
        ]),
      );
      const names = exits.rows.map(([name]) => String(name)).filter(name => theirs.has(name));
      expect(names.length).toBeGreaterThan(12);
      for (const [name, count, seconds] of exits.rows) {
        if (!theirs.has(String(name))) continue;
        const [theirCount, theirSeconds] = (theirs.get(String(name)) as string[]).map(Number);
        // The last exit of the trace has no entry behind it, and is not counted there.
        expect(Number(count) - theirCount, String(name)).toBeLessThanOrEqual(1);
        expect(Number(count) - theirCount, String(name)).toBeGreaterThanOrEqual(0);
        expect(Math.abs(Number(seconds) - theirSeconds), String(name)).toBeLessThan(0.01 + 0.02 * theirSeconds);
      }
    } finally {
      await session.close();
      reader.close();
    }
  });
});
