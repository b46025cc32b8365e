import type { ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { askHost, domainsOf, fieldsOf, requireXen } from '../src/record/ask-host.js';
import { maskOf } from '../src/record/events.js';
import { captureBytes, SMALL } from './support/captures.js';
import { ended, fine, needsBuild, p2mtrace, start, tempDir, untilIdle } from './support/cli.js';

needsBuild();
const temp = tempDir();
const capture = temp('capture.bin');
writeFileSync(capture, captureBytes(SMALL));

/**
 * A program that takes the arguments of xentrace, which it leaves in a file, and writes the capture to its last one; then
 * it does as the script says.
 */
function fakeXentrace(name: string, script: string): string {
  const path = temp(name);
  writeFileSync(
    path,
    `#!${process.execPath}
const { openSync, readFileSync, writeFileSync, writeSync } = require('node:fs');
const args = process.argv.slice(2);
writeFileSync(${JSON.stringify(`${path}.args`)}, args.join(' '));
const capture = readFileSync(${JSON.stringify(capture)});
const fd = openSync(args.at(-1), 'w');
const write = (from, to) => writeSync(fd, capture.subarray(from, to));
${script}`,
  );
  chmodSync(path, 0o755);
  return path;
}

/** Waits until a child has made the file, and then waits for something. */
async function untilMade(path: string, child: ChildProcess): Promise<void> {
  while (!existsSync(path)) await wait(25);
  await untilIdle(child);
}

const eventsIn = (path: string) => JSON.parse(fine(['info', path, '--json']).stdout).events;
/** Half of it at once, the rest when it is told to end. */
const UNTIL_SIGNAL = `write(0, 40); process.on('SIGINT', () => { write(40); process.exit(); }); setInterval(() => {}, 1000);`;

describe('record', () => {
  it('imports what xentrace writes to its pipe until it ends, and asks for what was named', () => {
    const out = temp('all.arrow');
    const program = fakeXentrace('all', 'write(0);');
    const args = ['record', '-o', out, '--xentrace', program, '--seconds', '5', '--buffer', '2', '--host', 'lab1'];
    const { stderr } = fine([...args, '--events', 'p2m,sched']);
    expect(stderr).toContain('all.arrow: 4 events');
    expect(eventsIn(out)).toBe(4);
    expect(fine(['info', out]).stdout).toMatch(/host +lab1/);
    // 2 MB are 512 pages; TRC_MEM, TRC_SCHED and TRC_DOM0OP of xen/include/public/trace.h.
    expect(readFileSync(`${program}.args`, 'utf8')).toBe('-D -e 0x0016f000 -S 512 -T 5 /dev/stdout');
  });

  it('leaves out what was not asked for', () => {
    const out = temp('refs.arrow');
    const program = fakeXentrace('refs', 'write(0);');
    fine(['record', '-o', out, '--xentrace', program, '--events', 'refs', '--compress', 'zstd']);
    expect(eventsIn(out)).toBe(0);
    expect(fine(['info', out]).stdout).toMatch(/set_entry/);
  });

  it('passes a signal on to xentrace, and keeps what that still writes', async () => {
    const out = temp('ended.arrow');
    const program = fakeXentrace('ended', UNTIL_SIGNAL);
    const child = start(['record', '-o', out, '--xentrace', program]);
    const end = ended(child);
    await untilMade(`${program}.args`, child);
    child.kill('SIGINT');
    const { code, stderr } = await end;
    expect(code, stderr).toBe(0);
    expect(eventsIn(out)).toBe(4);
  });

  it('ends one that does not end', async () => {
    const out = temp('stuck.arrow');
    const script = `write(0); require('node:fs').writeFileSync('${temp('pid')}', String(process.pid)); process.on('SIGINT', () => {}); setInterval(() => {}, 1000);`;
    const child = start(['record', '-o', out, '--xentrace', fakeXentrace('stuck', script)]);
    const end = ended(child);
    await untilMade(temp('pid'), child);
    child.kill('SIGTERM');
    expect((await end).code).toBe(3);
    expect(eventsIn(out)).toBe(4);
    // Z: it has ended, and whoever inherited it has not asked yet.
    const stat = `/proc/${readFileSync(temp('pid'), 'utf8')}/stat`;
    expect(existsSync(stat) ? readFileSync(stat, 'utf8') : ') Z').toContain(') Z');
  });

  it.each([
    ['nothing and fails', 'process.stderr.write("xentrace: no rights\\n"); process.exit(1);', 'P2M_XENTRACE', 2],
    ['nothing', '', 'P2M_EMPTY', 3],
  ])('makes no trace if xentrace records %s', (name, script, code, exit) => {
    const out = temp(`${name}.arrow`);
    const result = p2mtrace(['record', '-o', out, '--xentrace', fakeXentrace(name.replaceAll(' ', '-'), script)]);
    expect(result).toMatchObject({ code: exit, stderr: expect.stringContaining(code) });
    expect(existsSync(out)).toBe(false);
  });

  it('keeps what came before xentrace failed, and says so', () => {
    const out = temp('failed.arrow');
    const program = fakeXentrace('failed', 'write(0); process.exit(4);');
    const { code, stderr } = p2mtrace(['record', '-o', out, '--xentrace', program]);
    expect(code).toBe(3);
    expect(stderr).toContain('failed: 4');
    expect(eventsIn(out)).toBe(4);
  });

  it('names what is wrong: no Xen, no xentrace, unknown events', () => {
    const out = temp('none.arrow');
    expect(p2mtrace(['record', '-o', out, '--xentrace', temp('absent')])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('P2M_XENTRACE: there is no'),
    });
    expect(p2mtrace(['record', '-o', out, '--events', 'p2m,all'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('p2m,refs,locks'),
    });
  });
});

describe('the host', () => {
  it('is Xen, or there is nothing to record', () => {
    const sysfs = temp('sysfs');
    expect(() => requireXen(sysfs)).toThrow('does not run on Xen');
    mkdirSync(sysfs);
    writeFileSync(join(sysfs, 'type'), 'kvm\n');
    expect(() => requireXen(sysfs)).toThrow('does not run on Xen');
    writeFileSync(join(sysfs, 'type'), 'xen\n');
    expect(() => requireXen(sysfs)).not.toThrow();
  });

  it('tells its release and build id by sysfs, its symbols lie in /boot', async () => {
    const [sysfs, boot] = [temp('sysfs-419'), temp('boot')];
    mkdirSync(join(sysfs, 'version'), { recursive: true });
    mkdirSync(boot);
    for (const [name, text] of Object.entries({ major: '4', minor: '19', extra: '.1-pre' })) {
      writeFileSync(join(sysfs, 'version', name), `${text}\n`);
    }
    writeFileSync(join(sysfs, 'buildid'), 'c0ffee\n');
    expect(await askHost(sysfs, boot)).toMatchObject({ xenVersion: '4.19.1', buildId: 'c0ffee', symbols: undefined });
    writeFileSync(join(boot, 'xen-syms-4.19.1.map'), '');
    expect(await askHost(sysfs, boot)).toMatchObject({ symbols: join(boot, 'xen-syms-4.19.1.map') });
  });

  it('is asked by xl', () => {
    expect(fieldsOf('host                   : lab1\ncpu_mhz                : 2399.998\n').get('cpu_mhz')).toBe(
      '2399.998',
    );
    const list = `Name                                        ID   Mem VCPUs\tState\tTime(s)
Domain-0                                     0  2048     2     r-----      34.5
a guest with spaces                         12   256     1     -b----       0.2
`;
    expect(domainsOf(list)).toEqual({ '0': 'Domain-0', '12': 'a guest with spaces' });
    expect(domainsOf('')).toBeUndefined();
  });

  it('is asked for creation and end of domains whatever else is recorded', () => {
    expect(maskOf(['p2m'])).toBe('0x0014f000');
    expect(maskOf(['hvm'])).toBe('0x000cf000');
  });
});
