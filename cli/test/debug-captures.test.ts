import { beforeAll, describe, expect, it } from 'vitest';
import { capture, fine, HAS_CAPTURES, needsBuild, p2mtrace, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();
const TRACE = temp('trace.arrow');

/** seqs that a query of events gives, in order. */
function seqsOf(where: string): number[] {
  const { stdout } = fine(['sql', TRACE, `select seq from events where ${where} order by seq`, '--format', 'csv']);
  return stdout.trimEnd().split('\n').slice(1).map(Number);
}

/** seqs of the events at which a script stood. */
function stood(...commands: string[]): number[] {
  const { stdout } = fine(['debug', TRACE], { input: commands.join('\n') });
  return [...stdout.matchAll(/^#(\d+) /gm)].map(([, seq]) => Number(seq));
}

describe.skipIf(!HAS_CAPTURES)('debug of a real capture', () => {
  beforeAll(() => {
    const symbols = ['--symbols', capture('instrumented.symbols')];
    fine(['import', capture('instrumented-pvh.bin'), '-o', TRACE, '-q', ...symbols]);
  });

  // Every set_entry that is no attempt (flag 32) succeeded, and each gives the entry another writer.
  it.each(['0x8e07', '0x7573'])('watch gfn 1:%s stops at all writes that cover it, forward and back', gfn => {
    const writes = seqsOf(
      `kind = 'set_entry' and flags & 32 = 0 and gfn <= ${Number(gfn)} and ${Number(gfn)} < gfn + 2 ** "order"`,
    );
    expect(writes.length).toBeGreaterThan(3);
    const again = (command: string) => writes.slice(1).map(() => command);
    expect(stood(`watch gfn 1:${gfn}`, ...again('watch'))).toEqual(writes);
    expect(stood('goto end', `rwatch gfn 1:${gfn}`, ...again('rwatch')).slice(1)).toEqual(writes.toReversed());
  });

  it('watch lock stops wherever it is taken or released', () => {
    const lock = '0xffff83013753e9a0';
    const changes = seqsOf(`lock::varchar = '${lock}' and kind in ('lock_acquire', 'lock_release')`);
    expect(changes).toHaveLength(10);
    const again = (command: string) => changes.slice(1).map(() => command);
    expect(stood(`watch lock ${lock}`, ...again('watch'))).toEqual(changes);
    expect(stood('goto end', `rwatch lock ${lock}`, ...again('rwatch')).slice(1)).toEqual(changes.toReversed());
  });

  it('until and prev find what SQL finds', () => {
    const large = seqsOf(`kind = 'pod_populate' and "order" = 9`);
    expect(stood('until kind == pod_populate and order == 9')).toEqual([large[0]]);
    expect(stood('goto end', 'prev kind == pod_populate and order == 9').slice(1)).toEqual([large.at(-1)]);
  });

  it('says who wrote an entry, with the call site and the lock that was held', () => {
    const { stdout } = fine(['debug', TRACE], { input: 'watch gfn 1:0x8e07\nwatch\nwho' });
    const [pod] = seqsOf(`kind = 'pod_populate' and gfn = ${0x8e00}`);
    const [taken] = seqsOf(`kind = 'lock_acquire' and lock_class = 'pod' and seq < ${pod}`).slice(-1);
    const site = /^ {2}pcpu 1 (.*), at 0xffff[0-9a-f]+, holding pod 0xffff83013753e870 since #(\d+)$/m.exec(stdout);
    expect(site?.slice(1)).toEqual(['p2m_pod_demand_populate (inferred from the pod lock it held)', String(taken)]);
  });

  it('ends with exit code 2 where nothing more happens to a gfn', () => {
    expect(p2mtrace(['debug', TRACE], { input: 'goto end\nwatch gfn 1:0x8e07' })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('P2M_NOT_FOUND'),
    });
  });
});
