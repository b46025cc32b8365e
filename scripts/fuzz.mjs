/**
 * Fuzzing: mutants of captures, NDJSON, traces, indices and facts, made by what the parts of each form are. Every one
 * must end as a trace or as an expected error, in time; a capture must give the same events as a file and as a stream.
 *
 *   npm run fuzz -- [--seconds 60] [--seed 1] [--keep FOLDER]
 *
 * The files in samples/fuzz come first: what once failed. A mutant that fails is written to FOLDER (default: the current
 * folder); put it into samples/fuzz once it is mended.
 */
import { spawnSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  BatchMemory,
  COLUMN_NAMES,
  importNdjson,
  importXentraceFile,
  importXentraceStream,
  TraceReader,
  validateTrace,
} from '@p2mtrace/trace-format';
import { capture, mutated, ndjson, randomFrom } from './fuzz/mutants.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const CORPUS = join(root, 'samples/fuzz');
const BIN = join(root, 'cli/bin/p2mtrace.js');
/** A small input that takes longer than this hangs. */
const MOST_MS = 20_000;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'string', default: '.' },
  },
});
const random = randomFrom(Number(values.seed));
const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-fuzz-'));
const at = name => join(folder, name);
let failures = 0;

/** All rows of a trace as one text, as far as it is whole. */
function contents(path) {
  const reader = TraceReader.open(path);
  try {
    const parts = reader.batches.map(batch => {
      const { columns, validity } = reader.read(batch, COLUMN_NAMES, new BatchMemory());
      return COLUMN_NAMES.map(name =>
        [columns[name], validity[name]].map(v =>
          Buffer.from(v?.buffer ?? [], v?.byteOffset, v?.byteLength).toString('base64'),
        ),
      );
    });
    return JSON.stringify([parts, reader.names, reader.metadata.health]);
  } finally {
    reader.close();
  }
}

/** What each kind of input must do; throws what is not expected. */
const CHECKS = {
  async bin(path) {
    const file = await outcome(async () => {
      await importXentraceFile(path, at('file.arrow'));
      return contents(at('file.arrow'));
    });
    const stream = await outcome(async () => {
      await importXentraceStream(createReadStream(path, { highWaterMark: 1 + random(5000) }), path, at('stream.arrow'));
      return contents(at('stream.arrow'));
    });
    if (file !== stream) throw new Error(`file and stream differ:\n${file.slice(0, 200)}\n${stream.slice(0, 200)}`);
  },
  ndjson: path => outcome(() => importNdjson(path, path, at('text.arrow'))),
  async arrow(path) {
    await outcome(() => contents(path));
    await outcome(() => validateTrace(path));
  },
  /** An index or facts, which belong to a trace: the command must find its way without them. */
  p2mi: path => command(path, 'p2mi', ['replay', at('t.arrow'), '--at', 'end']),
  p2mfacts: path => command(path, 'p2mfacts', ['sql', at('t.arrow'), 'select count(*) from breaches']),
};

function command(path, ending, args) {
  const beside = at(`t.arrow.${ending}`);
  if (path !== beside) writeFileSync(beside, readFileSync(path));
  const { status, stderr } = spawnSync(process.execPath, [BIN, ...args], { encoding: 'utf8', timeout: MOST_MS });
  if (![0, 1, 2, 3].includes(status)) throw new Error(`exit ${status}: ${stderr}`);
}

/** The result or the code of an expected error. @throws whatever else */
async function outcome(work) {
  try {
    return String(await work());
  } catch (error) {
    if (error.name === 'P2mError') return error.code;
    throw error;
  }
}

async function check(kind, path, what) {
  const start = performance.now();
  let problem;
  try {
    await CHECKS[kind](path);
    const ms = performance.now() - start;
    if (ms > MOST_MS) problem = `took ${Math.round(ms)} ms`;
  } catch (error) {
    problem = error.stack;
  }
  if (problem === undefined) return;
  failures++;
  const kept = join(values.keep, `fuzz-${values.seed}-${failures}.${kind}`);
  writeFileSync(kept, readFileSync(path));
  console.error(`${what}: ${problem}\n  kept as ${kept}`);
}

/** Sound inputs of each kind, small, to be mutated. */
async function seeds() {
  writeFileSync(at('seed.bin'), capture(random));
  await importXentraceFile(at('seed.bin'), at('t.arrow'));
  const text = ndjson(readFileSync(join(root, 'samples/corpus/rules/refcount.leak/trace.ndjson')));
  return { bin: readFileSync(at('seed.bin')), ndjson: text, arrow: readFileSync(at('t.arrow')) };
}

try {
  const sound = await seeds();
  for (const name of readdirSync(CORPUS).filter(one => one !== 'README.md')) {
    await check(name.split('.').at(-1), join(CORPUS, name), `samples/fuzz/${name}`);
  }
  const end = Date.now() + Number(values.seconds) * 1000;
  let count = 0;
  for (; Date.now() < end; count++) {
    // Commands are slow; one in fifty mutants is for them.
    const kind = count % 50 === 49 ? (count % 100 === 99 ? 'p2mi' : 'p2mfacts') : ['bin', 'ndjson', 'arrow'][count % 3];
    const path = at(`mutant.${kind}`);
    writeFileSync(path, mutated(kind, sound[kind] ?? sound.arrow, random));
    await check(kind, path, `mutant ${count} of seed ${values.seed}`);
  }
  console.log(`${count} mutants, ${failures} failures`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
