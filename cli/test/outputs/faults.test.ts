import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { type ColumnSource, FactCache, openTraceSession } from '@p2mtrace/analyzers';
import { replay } from '@p2mtrace/replayer';
import { TraceReader } from '@p2mtrace/trace-format';
import type { P2mError } from '@p2mtrace/trace-format/errors';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../src/command.js';
import { run as auditRun } from '../../src/commands/audit.js';
import { run as exportRun } from '../../src/commands/export.js';
import { run as generateRun } from '../../src/commands/generate.js';
import { run as importRun } from '../../src/commands/import.js';
import { run as reportRun } from '../../src/commands/report.js';
import { run as splitRun } from '../../src/commands/split.js';
import { run as suppressRun } from '../../src/commands/suppress.js';
import { run as trimRun } from '../../src/commands/trim.js';
import { describeError, exitCodeOf } from '../../src/exit.js';
import { Terminal } from '../../src/terminal.js';
import { needsBuild, p2mtrace, tempDir } from '../support/cli.js';
import { withFault } from '../support/faulty-calls.js';

needsBuild();
const temp = tempDir();
const SAMPLE = join(import.meta.dirname, '../../../samples/corpus/rules/refcount.leak/trace.ndjson');
/** What the target has before a run that fails. */
const OLD = 'what was there before';

const context = (): Context => {
  const sink = () => new Terminal(new Writable({ write: (_, __, done) => done() }) as unknown as NodeJS.WriteStream);
  return { out: sink(), err: sink() };
};

/** A file of a folder is as before, or what a run without a fault makes of it. */
function expectWhole(folder: string, expected: ReadonlyMap<string, Buffer>): void {
  for (const [name, bytes] of expected) {
    const found = readFileSync(join(folder, name));
    expect(found.equals(Buffer.from(OLD)) || found.equals(bytes), `${name} is neither old nor new`).toBe(true);
  }
}

/** Files of a folder, which has nothing else. */
const filesIn = (folder: string) => new Map(readdirSync(folder).map(name => [name, readFileSync(join(folder, name))]));

/** Lets each call of a run fail, one after the other; returns which those were. */
async function everyFault(
  name: string,
  outputs: readonly string[],
  work: (folder: string) => Promise<unknown>,
  hasOld = true,
): Promise<string[]> {
  const folder = temp(name);
  mkdirSync(folder, { recursive: true });
  await work(folder);
  const expected = filesIn(folder);
  expect([...expected.keys()].sort()).toEqual([...outputs].sort());
  const failed: string[] = [];
  for (let number = 0; ; number++) {
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    if (hasOld) for (const output of outputs) writeFileSync(join(folder, output), OLD);
    let error: unknown;
    const call = await withFault(number, () => work(folder)).catch(thrown => {
      error = thrown;
      return undefined;
    });
    if (error === undefined && call === undefined) break;
    failed.push(call ?? '');
    const left = readdirSync(folder).sort();
    expect(left, `call ${number}`).toEqual(hasOld ? [...outputs].sort() : left.filter(file => outputs.includes(file)));
    expectWhole(folder, new Map([...expected].filter(([file]) => left.includes(file))));
    if (error !== undefined) await expectTold(error, folder);
  }
  expect(filesIn(folder)).toEqual(expected);
  return failed;
}

async function expectTold(error: unknown, folder: string): Promise<void> {
  const text = await describeError(error);
  expect(exitCodeOf(error), text).toBe(2);
  expect(text).toMatch(/^p2mtrace: P2M_(?:WRITE|OUTPUT): .+\(E[A-Z]+\) \(.+\)\n {2}\S.+\n$/);
  // An audit also writes to the folder of its state, beside it.
  expect((error as P2mError).place.file).toContain(dirname(folder));
}

let trace = '';
beforeAll(async () => {
  trace = temp('trace.arrow');
  await importRun([SAMPLE], { output: trace, quiet: true }, context());
});

describe('when any call of the system fails, the target is whole, old or new, and nothing else is left', () => {
  it('of an import', async () => {
    await everyFault('import', ['t.arrow'], folder =>
      importRun([SAMPLE], { output: join(folder, 't.arrow'), quiet: true }, context()),
    );
  });

  it('of an import to a new file', async () => {
    const work = (folder: string) => importRun([SAMPLE], { output: join(folder, 't.arrow'), quiet: true }, context());
    await everyFault('import-new', ['t.arrow'], work, false);
  });

  it('of a generated trace whose clocks are corrected', async () => {
    const options = { scenario: 'mixed', events: 100, seed: 1, guests: 1, pcpus: 2, late: 0, skew: 200 };
    await everyFault('generate', ['t.arrow'], folder =>
      generateRun([], { ...options, output: join(folder, 't.arrow') }, context()),
    );
  });

  // Text of all forms goes the same way.
  it.each(['ndjson', 'arrow', 'parquet'] as const)('of an export as %s', async format => {
    await everyFault(`export-${format}`, ['out'], folder =>
      exportRun([trace], { format, output: join(folder, 'out') }, context()),
    );
  });

  it('of a report', async () => {
    await everyFault('report', ['r.html'], folder =>
      reportRun([trace], { output: join(folder, 'r.html'), only: ['refcount.leak'], failOn: 'error' }, context()),
    );
  });

  it('of a piece', async () => {
    const options = { from: 'start', to: 'end', format: 'table' } as const;
    await everyFault('trim', ['p.arrow'], folder =>
      trimRun([trace], { ...options, output: join(folder, 'p.arrow') }, context()),
    );
  });

  it('of pieces', async () => {
    await everyFault('split', ['1.arrow', '2.arrow'], folder =>
      splitRun([trace], { into: 2, format: 'table', output: join(folder, '{n}.arrow') }, context()),
    );
  });

  it('of the reports and the baseline of an audit', async () => {
    // The bundle judges it; here the result is only read.
    const state = temp('state');
    p2mtrace(['audit', trace, '--state', state, '--no-history']);
    await everyFault(
      'audit',
      ['base.json', 'r.json', 'r.md'],
      folder => {
        const at = (name: string) => join(folder, name);
        const reporter = [`json=${at('r.json')}`, `markdown=${at('r.md')}`];
        const options = { state, history: false, reporter, baseline: at('base.json'), updateBaseline: true } as const;
        return auditRun([[trace]], options, context());
      },
      false,
    );
  });

  it('of an index, which jumps do without', async () => {
    await everyFault('index', [], async folder => {
      mkdirSync(join(folder, 'of'));
      const copy = join(folder, 'of', 'trace.arrow');
      writeFileSync(copy, readFileSync(trace));
      const notices: string[] = [];
      const reader = TraceReader.open(copy);
      const state = replay(reader, { checkpointEvery: 2, onNotice: text => notices.push(text) });
      expect(state.at(reader.rows - 1)).toBeDefined();
      state.close();
      reader.close();
      const files = readdirSync(join(folder, 'of')).sort();
      const isMade = files.length === 2;
      expect(files).toEqual(isMade ? ['trace.arrow', 'trace.arrow.p2mi'] : ['trace.arrow']);
      expect(notices).toEqual([expect.stringMatching(isMade ? /was written|crash/ : /no checkpoints are kept: .+\(E/)]);
      rmSync(join(folder, 'of'), { recursive: true });
    });
  });
});

it('suppressions are whole, old or new', async () => {
  // What is there is read, so it must be a list.
  const folder = temp('suppress');
  const path = join(folder, 's.json');
  const suppress = (finding: string) => suppressRun([finding], { reason: 'known', suppressions: path }, context());
  for (let number = 0, isDone = false; !isDone; number++) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    await suppress('first');
    const before = readFileSync(path);
    let error: unknown;
    const call = await withFault(number, () => suppress('second')).catch(thrown => {
      error = thrown;
    });
    isDone = call === undefined && error === undefined;
    expect(readdirSync(folder)).toEqual(['s.json']);
    const { suppressions } = JSON.parse(readFileSync(path, 'utf8'));
    expect(suppressions.length === 2 || readFileSync(path).equals(before)).toBe(true);
    if (error !== undefined) await expectTold(error, folder);
  }
});

it('cached facts are whole, or not there', async () => {
  const reader = TraceReader.open(trace);
  const tables: ColumnSource[] = [];
  const session = await openTraceSession(reader, { onFacts: (_, table) => tables.push(table) });
  await session.runAll('select count(*) from lock_spans');
  await session.close();
  const cache = FactCache.of(reader, temp('facts'), 0);
  for (let number = 0, isDone = false; !isDone; number++) {
    rmSync(temp('facts'), { recursive: true, force: true });
    let error: unknown;
    const call = await withFault(number, () => cache?.keep(tables[0])).catch(thrown => {
      error = thrown;
    });
    isDone = call === undefined && error === undefined;
    if (error !== undefined) await expectTold(error, temp('facts'));
    const isThere = cache?.file('lock_spans') !== undefined;
    expect(isThere || error !== undefined).toBe(true);
    expect(existsSync(temp('facts')) ? readdirSync(temp('facts')).length : 0).toBe(isThere ? 1 : 0);
  }
  reader.close();
});
