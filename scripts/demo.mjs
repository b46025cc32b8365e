/**
 * The main job, on samples: imports, describes, checks, replays and analyzes a capture of a real hypervisor, and then a
 * hand-made trace with a defect. Shows every command before it runs. Results go to .p2mtrace/demo/.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const OUT = '.p2mtrace/demo';
const CAPTURE = `${OUT}/stock-mem-pvh.arrow`;
const LEAK = `${OUT}/leak.arrow`;

/** Arguments of p2mtrace, and the expected exit code. */
const STEPS = [
  [
    'A capture: a guest with populate-on-demand boots, is ballooned and destroyed (xentrace -e 0x0010f000, Xen 4.17.7)',
    ['import', 'samples/captures/stock-mem-pvh.bin.gz', '-o', CAPTURE, '--xen-version', '4.17.7', '--cpu-hz', '2.5G'],
  ],
  ['What the trace holds', ['info', CAPTURE]],
  ['Every byte against its checksum', ['validate', CAPTURE]],
  ['The p2m at the end of the trace', ['replay', CAPTURE]],
  [
    'A stock hypervisor records neither references nor locks: nothing can be judged, and that is said',
    ['analyze', CAPTURE],
  ],
  [
    'A hand-made trace: guest_remove_page that forgets a reference',
    ['import', 'samples/corpus/rules/refcount.leak/trace.ndjson', '-o', LEAK, '--quiet'],
  ],
  ['Its analysis: one finding, so the exit code is 1', ['analyze', LEAK], 1],
  ['How that came about, event by event', ['explain', LEAK, 'refcount.leak']],
  ['The smallest trace that still shows it', ['slice', LEAK, 'refcount.leak', '-o', `${OUT}/small.arrow`]],
  [
    'The same in SQL: references that were never dropped',
    ['sql', LEAK, 'select hex(mfn) as mfn, kind, from_seq, to_seq from ref_spans where to_seq is null'],
  ],
];

/** The command as a user would type it. */
const typed = args => ['npx', 'p2mtrace', ...args.map(arg => (/[^\w./:=-]/.test(arg) ? `"${arg}"` : arg))].join(' ');

mkdirSync(join(root, OUT), { recursive: true });
for (const [about, args, expected = 0] of STEPS) {
  process.stdout.write(`\n# ${about}\n$ ${typed(args)}\n`);
  const { status, signal, error } = spawnSync(process.execPath, [join(root, 'cli', 'bin', 'p2mtrace.js'), ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status === expected) continue;
  const ended = error?.message ?? (signal === null ? `exit code ${status}` : `signal ${signal}`);
  process.stderr.write(`demo: ${typed(args)}: ${ended} instead of exit code ${expected}\n`);
  process.exit(1);
}
process.stdout.write(
  `\nThe traces are in ${OUT}/; p2mtrace --help and the README say what else can be done with them.\n`,
);
