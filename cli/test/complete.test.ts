import { writeFileSync } from 'node:fs';
import { replay } from '@p2mtrace/replayer';
import { importNdjson } from '@p2mtrace/trace-format';
import { beforeAll, expect, it } from 'vitest';
import { complete } from '../src/debug/complete.js';
import { DEBUG_COMMANDS } from '../src/debug/debug-commands.js';
import { Session } from '../src/debug/session.js';
import { STATE_TABLES } from '../src/state-tables.js';
import { Terminal } from '../src/terminal.js';
import { tempDir } from './support/cli.js';

const temp = tempDir();
let session: Session;
beforeAll(async () => {
  const events = [
    { kind: 'set_entry', domid: 7, gfn: 0x10, mfn: 0x100, order: 0, p2m_type: 'ram_rw' },
    { kind: 'lock_acquire', pcpu: 0, lock: '0xffff830120101010', lock_class: 'p2m', level: 16, mode: 'write' },
  ];
  writeFileSync(temp('trace.ndjson'), events.map(event => JSON.stringify(event)).join('\n'));
  await importNdjson(temp('trace.ndjson'), 'trace.ndjson', temp('trace.arrow'));
  session = new Session(replay(temp('trace.arrow')), new Terminal(process.stdout), () => Promise.resolve());
  session.at = session.trace.end;
});

/** What the end of the line may become. */
const candidates = (line: string) => complete(session, line)[0];

it('commands, from any beginning', () => {
  expect(candidates('')).toEqual(DEBUG_COMMANDS.map(({ name }) => `${name} `));
  expect(candidates('w')).toEqual(['watch ', 'who ', 'why ']);
  expect(complete(session, 'gone')).toEqual([[], 'gone']);
  expect(candidates('help wa')).toEqual(['watch']);
});

it('positions, and the tables of show', () => {
  expect(candidates('goto s')).toEqual(['start', 'seq:']);
  expect(candidates('show ')).toEqual(['summary', ...STATE_TABLES, 'gfn ', 'mfn ', 'lock ', 'domain ']);
});

it('subjects that the trace has', () => {
  expect(candidates('watch ')).toEqual(['gfn ', 'mfn ', 'lock ', 'domain ']);
  expect(candidates('watch gfn ')).toEqual(['7:0x']);
  expect(candidates('why lock ')).toEqual(expect.arrayContaining(['p2m', '0xffff830120101010']));
  expect(candidates('why lock p2m ')).toEqual([]);
});

it('conditions: columns, relations, and names that a column may have', () => {
  expect(candidates('next ki')).toEqual(['kind ']);
  expect(candidates('next kind ')).toContain('== ');
  expect(candidates('next kind == set')).toEqual(['set_entry']);
  expect(candidates('next kind == set_entry ')).toEqual(['and ', 'or ']);
  expect(candidates('next kind == set_entry and p2m_type != ram_r')).toEqual(['ram_rw', 'ram_ro']);
  expect(candidates('prev flags has fa')).toEqual(['failed']);
  expect(candidates('until touches gfn 7')).toEqual(['7:0x']);
});
