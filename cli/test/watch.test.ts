import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { captureBytes, setP2mEntry, xentraceWindow } from './support/captures.js';
import { ended, fine, needsBuild, p2mtrace, start, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();
const corpus = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../samples/corpus/rules/${name}/trace.ndjson`, import.meta.url)), 'utf8');
/** Both pcpus drop the allocation's reference. */
const TWICE = corpus('refcount.double-alloc-drop');
const RULE = 'refcount.double-alloc-drop';
/** Many events of a frame that nothing is wrong with. */
const HEALTHY = Array.from({ length: 400 }, (_, i) => {
  return `${JSON.stringify({ kind: 'set_entry', domid: 7, view: 'host', gfn: `0x${(0x5000 + i).toString(16)}`, mfn: `0x${(0x90000 + i).toString(16)}`, order: 0, p2m_type: 'ram_rw' })}\n`;
}).join('');
const LIMIT = 60_000;

/** What a child has said until it has said this. @throws Error if it ends before */
async function until(child: ChildProcess, text: string): Promise<string> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', piece => {
      said += piece;
      if (said.includes(text)) resolve();
    });
    child.once('close', () => reject(new Error(`it ended without ${text}: ${said}`)));
  });
  return said;
}

const idOf = (line: string): string => JSON.parse(line).finding.id;
const findingLine = (text: string): string => {
  const line = text.split('\n').find(one => one.includes('"event":"finding"'));
  if (line === undefined) throw new Error(`no finding: ${text}`);
  return line;
};

describe('watch', () => {
  it(
    'tells a finding while the stream goes on, and saves a trace that has it',
    async () => {
      const folder = temp('findings');
      const child = start(['watch', '-', '--format', 'json', '--on-finding', folder, '--keep', '10min']);
      const end = ended(child);
      for (let at = 0; at < TWICE.length; at += 200) {
        child.stdin?.write(TWICE.slice(at, at + 200));
        await wait(20);
      }
      // It has not been told that this is all.
      const said = await until(child, RULE);
      const line = findingLine(said);
      child.stdin?.write(HEALTHY);
      child.stdin?.end();
      const { code, stdout } = await end;
      expect(code).toBe(1);
      const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
      expect(last.event).toBe('end');
      expect(last.numbers.saved).toBeGreaterThan(0);
      const { trace } = JSON.parse(readFileSync(join(folder, idOf(line), 'finding.json'), 'utf8')).saved;
      fine(['validate', trace]);
      const again = JSON.parse(p2mtrace(['analyze', trace, '--format', 'json']).stdout).findings;
      expect(again.map(({ id }: { id: string }) => id)).toContain(idOf(line));
    },
    LIMIT,
  );

  it(
    'leaves whole pieces if it is killed, which replay by themselves',
    async () => {
      const folder = temp('pieces');
      const child = start(['watch', '-', '--format', 'json', '--pieces', folder, '--keep', '8s']);
      for (let i = 0; i < 6; i++) {
        child.stdin?.write(HEALTHY);
        await wait(700);
      }
      while (readdirSync(folder).filter(name => name.endsWith('.arrow')).length < 2) await wait(100);
      child.kill('SIGKILL');
      await new Promise(resolve => child.once('close', resolve));
      const whole = readdirSync(folder).filter(name => name.endsWith('.arrow'));
      for (const name of whole) fine(['validate', join(folder, name)]);
      const [first, second] = whole.map(name => JSON.parse(fine(['info', join(folder, name), '--json']).stdout));
      // Nothing is between them.
      expect(first.metadata.piece.toSeq).toBe(second.metadata.piece.fromSeq);
      expect(second.metadata.piece.snapshots).toBeGreaterThan(0);
      const rows = fine(['replay', join(folder, whole[1]), '--show', 'p2m', '--format', 'csv']).stdout;
      expect(rows).toContain('0x5000');
    },
    LIMIT,
  );

  it(
    'counts what is known, and does not tell it',
    () => {
      const found = p2mtrace(['watch', '-', '--format', 'json'], { input: TWICE });
      const suppressions = temp('suppressions.json');
      const finding = idOf(findingLine(found.stdout));
      writeFileSync(suppressions, JSON.stringify({ version: 1, suppressions: [{ finding, reason: 'known' }] }));
      const { code, stdout } = p2mtrace(['watch', '-', '--suppressions', suppressions], { input: TWICE });
      expect(stdout).not.toContain(RULE);
      expect(stdout).toContain('1 known');
      expect(code).toBe(0);
    },
    LIMIT,
  );

  it(
    'tells losses',
    () => {
      const tsc = (words: readonly number[], at: number) => [(words[0] | 0x8000_0000) >>> 0, at, 0, ...words.slice(1)];
      // LOST_RECORDS: count, vcpu, u64 first TSC (docs/xen.md#lost-records).
      const lost = [0xc001_f001, 500, 0, 9, 1, 300, 0];
      const words = [
        ...xentraceWindow(0, tsc(setP2mEntry(1, 0x10, 0x100), 100)),
        ...xentraceWindow(0, [...lost, ...tsc(setP2mEntry(1, 0x11, 0x101), 600)]),
        ...xentraceWindow(0, tsc(setP2mEntry(1, 0x12, 0x102), 700)),
      ];
      const { stdout, code } = p2mtrace(['watch', '-'], { input: captureBytes(words) });
      expect(stdout).toContain('lost: 9 records of pcpu 0 from TSC 300 on');
      expect(stdout).toContain('4 events, 9 records lost');
      expect(code).toBe(0);
    },
    LIMIT,
  );

  it(
    'passes findings on to a command and a server, and serves numbers',
    async () => {
      const bodies: string[] = [];
      const server = createServer(async (request, response) => {
        let body = '';
        for await (const piece of request) body += piece;
        bodies.push(body);
        response.end();
      });
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const probe = createServer();
      await new Promise<void>(resolve => probe.listen(0, '127.0.0.1', resolve));
      const free = (probe.address() as AddressInfo).port;
      await new Promise(resolve => probe.close(resolve));
      const got = temp('got.json');
      const hooks = ['--webhook', `http://127.0.0.1:${port}/`, '--run', `cat > ${got}`];
      const child = start(['watch', '-', '--format', 'json', '--metrics', `127.0.0.1:${free}`, ...hooks]);
      const end = ended(child);
      child.stdin?.write(TWICE);
      await until(child, RULE);
      const answer = await fetch(`http://127.0.0.1:${free}/metrics`);
      const text = await answer.text();
      expect(answer.headers.get('content-type')).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
      expect(text).toMatch(/^p2mtrace_events_total 7$/m);
      expect(text).toMatch(/^p2mtrace_findings_total\{severity="error"\} [1-9]/m);
      expect(text.endsWith('# EOF\n')).toBe(true);
      child.stdin?.end();
      await end;
      server.close();
      expect(bodies.some(body => JSON.parse(body).finding.rule === RULE)).toBe(true);
      expect(JSON.parse(readFileSync(got, 'utf8')).event).toBe('finding');
    },
    LIMIT,
  );

  it(
    'refuses what it can not do',
    () => {
      for (const args of [
        ['--webhook', 'http://example.org/'],
        ['--keep', 'soon'],
        ['--keep', '10min'],
        ['--metrics', '9123'],
      ]) {
        expect(p2mtrace(['watch', '-', ...args], { input: TWICE }).code, args.join(' ')).toBe(2);
      }
    },
    LIMIT,
  );
});
