import { beforeAll, describe, expect, it } from 'vitest';
import { capture, fine, HAS_CAPTURES, needsBuild, p2mtrace, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();

describe.skipIf(!HAS_CAPTURES)('replay of real captures', () => {
  beforeAll(() => {
    for (const name of ['stock-all-pvh', 'instrumented-pvh']) {
      const symbols = name === 'stock-all-pvh' ? [] : ['--symbols', capture('instrumented.symbols')];
      fine(['import', capture(`${name}.bin`), '-o', temp(`${name}.arrow`), '-q', ...symbols]);
    }
  });

  // The captures' README: "Final p2m, counted in 4K frames by an independent and naive rebuild"; no divergence.
  it.each([
    ['stock-all-pvh', 2, { populate_on_demand: 22_063, ram_rw: 18_915 }],
    ['instrumented-pvh', 1, { populate_on_demand: 16_944, ram_rw: 24_034 }],
  ])('%s ends with the p2m of the independent rebuild', (name, domid, types) => {
    const { stdout } = fine(['replay', temp(`${name}.arrow`), '--format', 'json']);
    const summary = JSON.parse(stdout);
    expect(summary.p2ms).toMatchObject([{ domid, view: 'host', frames: 40_978, by_type: types }]);
    expect(summary).toMatchObject({ divergences: 0, locks_held: [], out_of_range: 0, losses: [] });
    const text = fine(['replay', temp(`${name}.arrow`)]).stdout;
    expect(text).toContain(`d${domid} host      40,978 frames`);
    expect(text).toMatch(/divergences +0\n/);
  });

  it('gives each entry as a row, or runs of them as a table, of the same frames', () => {
    const trace = temp('stock-all-pvh.arrow');
    const rows = fine(['replay', trace, '--show', 'p2m', '--domain', '2', '--format', 'ndjson']).stdout;
    const entries = rows
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line));
    const frames = (type: string) =>
      entries.filter(row => row.p2m_type === type).reduce((sum, { order }) => sum + 2 ** order, 0);
    expect([frames('populate_on_demand'), frames('ram_rw')]).toEqual([22_063, 18_915]);
    expect(Object.keys(entries[0])).toEqual(['domid', 'view', 'gfn', 'order', 'mfn', 'p2m_type', 'access', 'set_seq']);
    expect(entries.filter(({ mfn }) => mfn !== null).every(({ mfn }) => /^0x[0-9a-f]+$/.test(mfn))).toBe(true);
    const [, ...runs] = fine(['replay', trace, '--show', 'p2m', '--domain', '2']).stdout.trimEnd().split('\n');
    const inRuns = runs
      .filter(run => run.includes('ram_rw'))
      .map(run => Number(run.split(/ +/)[4].replaceAll(',', '')));
    expect(inRuns.reduce((a, b) => a + b, 0)).toBe(18_915);
    expect(runs.length).toBeLessThan(entries.length);
  });

  it('stops where it is told to', () => {
    const trace = temp('stock-all-pvh.arrow');
    const at = (position: string, ...more: string[]) =>
      JSON.parse(fine(['replay', trace, '--at', position, '--format', 'json', ...more]).stdout).events;
    expect(at('start')).toBe(0);
    expect(at('#0')).toBe(1);
    expect(at('seq:119')).toBe(120);
    // All records but CPU_CHANGE and WRAP_BUFFER are events (README: 1,054,037, 705 and 3).
    expect(at('end')).toBe(1_054_037 - 705 - 3);
    expect(at('tsc:0xffffffffffffffff')).toBe(at('end'));
    expect(at('+0s', '--cpu-hz', '2.5G')).toBeLessThan(at('+1s', '--cpu-hz', '2.5G'));
    expect(p2mtrace(['replay', trace, '--at', '+1s']).stderr).toMatch(/P2M_NO_CLOCK.*\n.*--cpu-hz/);
  });

  it('shows the locks that are held, with the names of the symbol file', () => {
    const trace = temp('instrumented-pvh.arrow');
    const acquired = fine(['sql', trace, "select min(seq) from events where kind = 'lock_acquire'"]).stdout.split(
      '\n',
    )[1];
    const { stdout } = fine(['replay', trace, '--show', 'locks', '--at', `#${acquired}`, '--format', 'json']);
    const [event] = fine(['export', trace, '--from', acquired, '--to', acquired]).stdout.trimEnd().split('\n').slice(1);
    const { lock, pcpu, level, mode, caller, symbol } = JSON.parse(event);
    expect(JSON.parse(stdout).rows).toMatchObject([
      { lock, pcpu, level, mode, caller, symbol, since_seq: Number(acquired) },
    ]);
  });

  it('shows no page of a domain that is gone as allocated, and counts in decimal', () => {
    const trace = temp('instrumented-pvh.arrow');
    const csv = fine(['replay', trace, '--show', 'pages', '--format', 'csv']).stdout.trimEnd().split('\n');
    expect(csv[0]).toBe('mfn,owner,state,count,count_flags,type,type_count,type_flags,generation,last_seq');
    expect(csv.slice(1).filter(line => line.split(',')[1] === '1' && line.includes(',allocated,'))).toEqual([]);
  });
});
