import { readFileSync } from 'node:fs';
import { at, change, create, NewError } from './new-files.mjs';

const KINDS = 'packages/trace-format/src/schema/kinds.ts';

/** Tests of the kind as an event: that it is what it was after an import, and what is decoded into it. */
const formatTest = name => `import { exportNdjson, importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.js';

const path = tempDir();

/** TODO: an event with every column that it may have. */
const EVENT = { kind: '${name}', domid: 1 };

test('${name} is the same after an import and an export', async () => {
  const text = (async function* () {
    yield Buffer.from(JSON.stringify(EVENT));
  })();
  await importNdjson(text, 'case.ndjson', path('t.arrow'));
  const reader = TraceReader.open(path('t.arrow'));
  let exported = '';
  await exportNdjson(reader, chunk => {
    exported += chunk;
  });
  reader.close();
  const last = exported.trim().split('\\n').at(-1);
  expect(JSON.parse(last ?? '')).toMatchObject(EVENT);
});

test('${name} is decoded from its record, and a record that does not fit is not', () => {
  // A kind that no hypervisor records has no such test.
  expect.fail('TODO: a record that decodes and one that does not fit, as in test/xentrace/kernel.test.ts');
});
`;

/** A test of what the kind does to the state. */
const stateTest = name => `import { expect, test } from 'vitest';
import { stateMaker } from '../support/state-of.js';

const stateOf = stateMaker();

test('${name} changes the state as docs/replay.md says', async () => {
  // TODO: the events before it, and the event itself.
  const state = await stateOf({ kind: '${name}', domid: 1 });
  expect(state).toBeDefined();
  expect.fail('TODO: the rows of the state after it, worked out by hand');
});
`;

/** Adds an event kind: its line, and tests. @throws NewError */
export function newKind(name) {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new NewError(`a kind is named in small letters, as page_use: ${name}`);
  if (readFileSync(at(KINDS), 'utf8').includes(`kind('${name}'`)) throw new NewError(`there is a kind ${name}`);
  const file = name.replaceAll('_', '-');
  const files = [
    change(KINDS, [
      /^\];$/m,
      `
  // TODO: its group, columns that it must have, columns that it may have, and names of arg0 and arg1.
  kind('${name}', 'context', 'domid'),
];`,
    ]),
    create(`packages/trace-format/test/kinds/${file}.test.ts`, formatTest(name)),
    create(`packages/replayer/test/state/${file}.test.ts`, stateTest(name)),
  ];
  return { files, left: LEFT };
}

/** What only someone who knows the event can write; CONTRIBUTING.md says more about each. */
const LEFT = [
  'packages/trace-format/src/schema/flags.ts: flags of its own',
  'packages/trace-format/src/schema/record-table.ts: the record of xentrace, if there is one',
  'packages/trace-format/kernel/: its decoding, for class TRC_MEM',
  'packages/trace-format/src/xentrace/decode-other.ts: its decoding, for another class',
  'packages/replayer/src/state/: a handler in the part of the state that it changes',
  'packages/replayer/src/rows/: what it adds to the state, to be seen',
  'packages/replayer/src/pieces/: a snapshot of that',
  'packages/replayer/src/checkpoints/trace-identity.ts: STATE_VERSION, if the same events now give another state',
  'packages/replayer/src/facts/: columns or a table, if it yields facts',
  'packages/replayer/src/events/touch-rules.ts: which frames it is about, if its columns do not tell',
  'packages/replayer/test/model/: the same in the second model',
  'docs/replay.md: what it changes',
  'CHANGELOG.md: a line; then npm run build, npm run docs, and the two tests',
];
