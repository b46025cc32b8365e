import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from './lab-error.mjs';
import { run } from './run.mjs';
import { compare, strikesIn } from './strikes.mjs';

/** Numbers that are put into one query. */
const CHUNK = 5000;

/** Runs p2mtrace, whose exit code 1 means that it found something. */
function p2mtrace(program, args, options) {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    timeout: options.limit * 1000,
  });
  if (status === 0 || status === 1) return stdout;
  throw new LabError(
    `p2mtrace ${args[0]}: ${error?.message ?? `exit code ${status}`}\n${stderr}`,
    'the capture is kept',
  );
}

/** The rows of a query, as objects. */
const rowsOf = (program, trace, query, options) =>
  JSON.parse(p2mtrace(program, ['sql', trace, '--format', 'json', query], options)).rows;

/** Imports a capture and analyzes it; the results go beside it. */
export async function judge({ program, folder, symbols, release, options }) {
  const [capture, trace] = [join(folder, 'capture.bin'), join(folder, 'trace.arrow')];
  if (!existsSync(capture)) throw new LabError('nothing was recorded', `see ${join(folder, 'console.log')}`);
  // A machine that stopped has cut the last record off: exit code 3, and a trace of what there is.
  const imported = [
    'import',
    capture,
    '-o',
    trace,
    '--symbols',
    symbols,
    '--xen-version',
    release,
    '--progress',
    'never',
  ];
  await run(
    'sh',
    ['-c', '"$@"; code=$?; [ $code = 0 ] || [ $code = 3 ]', 'sh', process.execPath, program, ...imported],
    options,
  );
  const text = p2mtrace(program, ['analyze', trace, '--format', 'json', '--progress', 'never'], options);
  writeFileSync(join(folder, 'findings.json'), text);
  return { trace, report: JSON.parse(text) };
}

/** What is told above a note, occurrence by occurrence, with the events of its witnesses. */
function occurrencesOf(program, trace, report, options) {
  const findings = report.findings.filter(({ severity }) => severity !== 'note');
  const seqs = [
    ...new Set(
      findings.flatMap(({ occurrences }) => occurrences.flatMap(({ witness }) => witness.map(({ seq }) => seq))),
    ),
  ];
  const events = new Map();
  for (let i = 0; i < seqs.length; i += CHUNK) {
    const list = seqs.slice(i, i + CHUNK).join(', ');
    const query = `select seq, tsc, domid, gfn, mfn, symbol from events where seq in (${list})`;
    for (const row of rowsOf(program, trace, query, options)) events.set(Number(row.seq), row);
  }
  return findings.flatMap(({ rule, severity, confidence, signature, title, occurrences }) =>
    occurrences.map(({ subject, witness }) => ({
      ...{ rule, severity, confidence, signature, title, subject },
      witness: witness.map(({ seq, role }) => ({ role, ...events.get(seq) })),
    })),
  );
}

/** Compares what was found with what the hypervisor printed. */
export function compareWithConsole({ program, folder, trace, report, rules, options }) {
  const query = "select max(tsc) as last, coalesce(sum(arg0) filter (kind = 'lost'), 0) as lost from events";
  const [{ last, lost }] = rowsOf(program, trace, query, options);
  const strikes = strikesIn(readFileSync(join(folder, 'console.log'), 'latin1'));
  const occurrences = occurrencesOf(program, trace, report, options);
  const result = { lost: Number(lost), ...compare(strikes, occurrences, { rules, lastTsc: Number(last ?? 0) }) };
  writeFileSync(join(folder, 'strikes.json'), `${JSON.stringify(result, null, 1)}\n`);
  return result;
}

/** Unpacks the logs of dom0, if it came to hand them out. */
export function unpackLogs(folder) {
  try {
    execFileSync('tar', ['xf', 'logs.tar'], { cwd: folder, stdio: 'ignore' });
  } catch {
    // A machine that stopped leaves none, or a part.
  }
}
