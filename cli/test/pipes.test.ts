import { spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, mkdirSync, openSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { captureBytes, SMALL } from './support/captures.js';
import { BIN, ended, fine, needsBuild, start, tempDir, untilIdle } from './support/cli.js';

needsBuild();
const temp = tempDir();

/** A trace whose output is longer than a pipe holds. */
function longTrace(): string {
  if (!existsSync(temp('long.arrow'))) {
    writeFileSync(temp('long.ndjson'), '{"kind":"mark","value":"0x1"}\n'.repeat(50_000));
    fine(['import', temp('long.ndjson'), '-o', temp('long.arrow')]);
  }
  return temp('long.arrow');
}

describe('a reader that goes away', () => {
  it.each([
    ['export', []],
    ['sql', ['from events']],
    ['sql', ['from events', '--format', 'json']],
    ['sql', ['from events', '--format', 'table']],
  ])('ends %s %j in silence', async (command, more) => {
    const child = start([command, longTrace(), ...more]);
    child.stdout?.once('data', () => child.stdout?.destroy());
    const { code, stderr } = await ended(child);
    expect(stderr).toBe('');
    expect(code).toBe(141);
  });
});

describe('a recording', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('is ended by %s, and what came is a trace', async signal => {
    mkdirSync(temp(signal));
    const out = temp(`${signal}/live.arrow`);
    const child = start(['import', '-', '-o', out]);
    const end = ended(child);
    child.stdin?.write(captureBytes(SMALL));
    await untilIdle(child);
    child.kill(signal);
    child.kill(signal);
    const { code, stderr } = await end;
    expect(stderr).toContain('interrupted');
    expect(code).toBe(0);
    expect(fine(['export', out]).stdout.trimEnd().split('\n')).toHaveLength(1 + 4);
    expect(readdirSync(temp(signal))).toEqual(['live.arrow']);
  });

  it('goes on after a signal until its writer, which got it too, has ended', async () => {
    const child = start(['import', '-', '-o', temp('rest.arrow')]);
    const end = ended(child);
    const bytes = captureBytes(SMALL);
    child.stdin?.write(bytes.subarray(0, 40));
    await untilIdle(child);
    child.kill('SIGINT');
    setTimeout(() => child.stdin?.end(bytes.subarray(40)), 200);
    const { code, stderr } = await end;
    expect(code, stderr).toBe(0);
    expect(
      fine(['export', temp('rest.arrow')])
        .stdout.trimEnd()
        .split('\n'),
    ).toHaveLength(1 + 4);
  });
});

describe('Ctrl-C', () => {
  it.each([
    ['ndjson', () => Buffer.from('{"kind":"mark","value":"0x1"}\n'.repeat(1_000_000))],
    ['bin', () => Buffer.concat(Array(100_000).fill(captureBytes(SMALL)))],
  ])('ends the import of a file (%s), and nothing of its output is left', async (name, bytes) => {
    mkdirSync(temp(name));
    writeFileSync(temp(`in.${name}`), bytes());
    const child = start(['import', temp(`in.${name}`), '-o', temp(`${name}/out.arrow`)]);
    const end = ended(child);
    await expect
      .poll(() => readdirSync(temp(name)), { timeout: 60_000, interval: 5 })
      .toContainEqual(expect.stringMatching(/^out\.arrow\.[0-9a-f]{12}\.partial$/));
    child.kill('SIGINT');
    const { code, stderr } = await end;
    expect(stderr).toContain('P2M_INTERRUPTED');
    expect(code).toBe(130);
    expect(readdirSync(temp(name))).toEqual([]);
  });

  it.skipIf(process.platform === 'win32').each(['without a reader', 'whose reader does not read'])(
    'or SIGTERM ends an import to a FIFO %s; nothing is left, and the FIFO stays',
    async which => {
      const folder = temp(which);
      const [scratch, fifo] = [join(folder, 'tmp'), join(folder, 'fifo')];
      mkdirSync(scratch, { recursive: true });
      expect(spawnSync('mkfifo', [fifo]).status).toBe(0);
      writeFileSync(temp('long.ndjson'), '{"kind":"mark","value":"0x1"}\n'.repeat(50_000));
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        // A reader that opens the FIFO also keeps the import from waiting for one.
        const reader =
          which === 'without a reader' ? undefined : openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
        const child = spawn(process.execPath, [BIN, 'import', temp('long.ndjson'), '-o', fifo], {
          stdio: ['pipe', 'pipe', 'pipe'],
          env: { ...process.env, TMPDIR: scratch },
        });
        const end = ended(child);
        await expect.poll(() => readdirSync(scratch).length, { timeout: 60_000, interval: 5 }).toBeGreaterThan(0);
        await untilIdle(child);
        child.kill(signal);
        const { code } = await end;
        if (reader !== undefined) closeSync(reader);
        expect(code ?? child.signalCode).not.toBe(0);
        expect(readdirSync(scratch)).toEqual([]);
        expect(readdirSync(folder).sort()).toEqual(['fifo', 'tmp']);
        expect(statSync(fifo).isFIFO()).toBe(true);
      }
    },
    120_000,
  );

  it('ends a query', async () => {
    const query = 'select count(*) from events a, events b, events c where a.seq + b.seq + c.seq = 7';
    const child = start(['sql', longTrace(), query]);
    const end = ended(child);
    await untilIdle(child);
    child.kill('SIGINT');
    const { code, stderr } = await end;
    expect(stderr).toContain('P2M_INTERRUPTED');
    expect(code).toBe(130);
  });
});
