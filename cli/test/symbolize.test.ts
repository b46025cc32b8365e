import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { callSites } from '../src/symbols/call-sites.js';
import { fine, needsBuild, p2mtrace, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();
const XEN = fileURLToPath(new URL('fixtures/hypervisor/xen-syms', import.meta.url));
const hasBinutils = spawnSync('addr2line', ['--version']).error === undefined;
const BASE = 0xffff82d040200000n;
const at = (offset: bigint) => `0x${(BASE + offset).toString(16)}`;

/** Two references that leak; call sites as objdump has the calls of fixtures/hypervisor, behind which they return. */
function traceOf(name: string): string {
  const get = (mfn: number, offset: bigint, more: object = {}) => ({
    ...{ kind: 'get_page', pcpu: 0, mfn, owner: 1, caller: at(offset), ...more },
  });
  const events = [
    { p2mtrace: 1, layout: 'P6' },
    ...[1, 2, 3, 4, 5].map(mfn => ({ kind: 'page_alloc', pcpu: 0, mfn, order: 0, owner: 1 })),
    ...[get(1, 0x15n), get(2, 0x1bn), get(3, 0x55n), get(4, 0x91n), get(5, 0x91n, { symbol: 'old_name' })],
    { kind: 'get_page', pcpu: 0, mfn: 5, owner: 1, symbol: 'alone' },
    { kind: 'alloc_ref_drop', pcpu: 0, mfn: 1, owner: 1 },
    { kind: 'domain_destroy', pcpu: 0, domid: 1 },
  ];
  const path = temp(`${name}.ndjson`);
  writeFileSync(path, events.map(event => `${JSON.stringify(event)}\n`).join(''));
  fine(['import', path, '-o', temp(`${name}.arrow`), '-q']);
  return temp(`${name}.arrow`);
}
const sitesOf = (trace: string) =>
  fine(['sql', trace, 'select address, symbol, line from callers order by address nulls last', '--format', 'csv'])
    .stdout.trim()
    .split('\n')
    .slice(1);

describe.skipIf(!hasBinutils)('symbolize with an ELF file', () => {
  it('names functions, and the lines that calls are in, without the folder of the build', () => {
    const trace = traceOf('plain');
    const { stderr } = fine(['symbolize', trace, XEN, '-o', temp('named.arrow')]);
    expect(stderr).toContain('4 call sites: 4 with a function, 4 with a line of source');
    // The source says which calls these are; the second is in put_page(), which was inlined.
    expect(sitesOf(temp('named.arrow'))).toEqual([
      `${at(0x15n)},guest_remove_page,common/memory.c:18`,
      `${at(0x1bn)},guest_remove_page,common/memory.c:19`,
      `${at(0x55n)},_start,common/memory.c:25`,
      `${at(0x91n)},relinquish,arch/mm.c:11`,
      ',alone,',
    ]);
    const events = (path: string) =>
      fine(['export', path, '--format', 'ndjson', '-o', '-'])
        .stdout.trim()
        .split('\n')
        .filter(line => line.includes('"kind"'))
        .map(line => ({ ...JSON.parse(line), symbol: undefined }));
    expect(events(temp('named.arrow'))).toEqual(events(trace));
    expect(fine(['validate', temp('named.arrow')]).stdout).toContain('whole');
  });

  it('so a mail says where, in a piece too', () => {
    fine(['symbolize', traceOf('letter'), XEN, '-o', temp('letter-named.arrow')]);
    fine(['trim', temp('letter-named.arrow'), '-o', temp('piece.arrow')]);
    for (const trace of [temp('letter-named.arrow'), temp('piece.arrow')]) {
      const mail = fine(['explain', trace, 'refcount.leak', '--format', 'mail']).stdout.replace(/\n +/g, ' ');
      expect(mail).toContain(`guest_remove_page (${at(0x15n)}, common/memory.c:18)`);
    }
  });

  it('refuses a file of another build than the trace says', () => {
    const sites = (buildId?: string) =>
      callSites({ names: { caller: [at(0x91n)] }, metadata: { buildId } } as never, XEN);
    const build = { code: 'P2M_SYMBOLS', message: expect.stringMatching(/of build 0123456789abcdef, .* fedcba98/) };
    expect(() => sites('fedcba9876543210')).toThrow(expect.objectContaining(build));
    expect(sites('0123456789ABCDEF')).toEqual(sites());
  });

  it('an address of 0, or beyond all of them, has no line', () => {
    const caller = ['0x0', '0xffffffffffffffff', at(0x15n), at(0x91n)];
    const sites = callSites({ names: { caller }, metadata: {} } as never, XEN);
    expect(caller.map(address => sites.get(address)?.line)).toEqual([
      undefined,
      undefined,
      'common/memory.c:18',
      'arch/mm.c:11',
    ]);
    expect(callSites({ names: { caller: [] }, metadata: {} } as never, XEN).size).toBe(0);
  });

  it('import takes the same file', () => {
    expect(p2mtrace(['import', 'x', '--symbols', XEN, '-o', temp('x.arrow')]).stderr).not.toContain('P2M_SYMBOLS');
  });
});

describe('symbolize with the output of nm', () => {
  it('names functions', () => {
    writeFileSync(temp('nm.txt'), `${at(0n).slice(2)} T guest_remove_page\n${at(0x7cn).slice(2)} T relinquish\n`);
    fine(['symbolize', traceOf('nm'), temp('nm.txt'), '-o', temp('nm-named.arrow')]);
    expect(sitesOf(temp('nm-named.arrow'))).toEqual([
      `${at(0x15n)},guest_remove_page,`,
      `${at(0x1bn)},guest_remove_page,`,
      `${at(0x55n)},guest_remove_page,`,
      `${at(0x91n)},relinquish,`,
      ',alone,',
    ]);
  });

  it('refuses what is neither, and says where', () => {
    writeFileSync(temp('odd.txt'), 'not nm\n');
    const { code, stderr } = p2mtrace(['symbolize', traceOf('odd'), temp('odd.txt'), '-o', temp('never.arrow')]);
    expect([code, /P2M_SYMBOLS: .*odd\.txt.*line 1/.test(stderr)]).toEqual([2, true]);
    const missing = p2mtrace(['symbolize', temp('odd.arrow'), temp('none'), '-o', temp('never.arrow')]);
    expect([missing.code, missing.stderr.includes('P2M_OPEN')]).toEqual([2, true]);
  });

  it('says what to install where binutils are missing', () => {
    const { code, stderr } = p2mtrace(['symbolize', temp('odd.arrow'), XEN, '-o', temp('never.arrow')], {
      env: { PATH: '' },
    });
    expect([code, stderr.includes('P2M_SYMBOLS'), stderr.includes('binutils')]).toEqual([2, true, true]);
  });
});
