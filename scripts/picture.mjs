/**
 * Draws docs/timeline.svg, the picture in README.md: the timeline of a sample's finding, from the data of its report.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SAMPLE = 'samples/corpus/rules/use-after-unmap.stale-translation/trace.ndjson';

const WIDTH = 860;
const LABELS = 190;
const TOP = 58;
const ROW = 24;
/** Colours of the bars of a lane; they suit both light and dark pages. */
const COLOURS = ['#1f6feb', '#0a7f5a', '#6e4fc4', '#9a5b00', '#8b2f5c', '#3f5870', '#3f5870'];

/** The picture, as text. */
export function picture() {
  const { events, witness, lanes } = sampleTimeline();
  const step = (WIDTH - LABELS - 12) / events;
  const x = seq => LABELS + seq * step;
  const parts = [];
  let y = TOP;
  lanes.forEach(({ name, rows, items }, lane) => {
    parts.push(text(8, y + 16, name, 'lane'));
    for (const item of items) parts.push(bar(item, events, x, step, y + item.row * ROW, COLOURS[lane]));
    y += rows * ROW + 6;
  });
  const seqs = [...new Set(witness.map(({ seq }) => seq))];
  const marks = seqs.map(seq => {
    const middle = x(seq) + step / 2;
    const roles = witness.filter(one => one.seq === seq).map(({ role }) => role);
    const names = roles.join(', ');
    return `<path class="witness" d="M${middle} ${TOP - 12}V${y}"/>${text(middle, TOP - 30, `#${seq}`, 'mark')}${text(middle, TOP - 17, names, 'mark')}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 6}" width="${WIDTH}" height="${y + 6}" role="img" aria-label="Timeline of a finding: a translation is used after its entry changed">
<style>text{font:12px sans-serif;fill:#24292f}.bar{fill:#fff}.mark{text-anchor:middle;fill:#b42318}.witness{stroke:#b42318;stroke-dasharray:2 3}</style>
<rect width="100%" height="100%" rx="6" fill="#f6f8fa"/>
${[...parts, ...marks].join('\n')}
</svg>
`;
}

/** A bar with its label; a single event is one event wide. */
function bar({ from, to, label }, events, x, step, y, colour) {
  const start = x(from ?? 0);
  const end = to === from ? start + step : x(to ?? events);
  const shown =
    label.length * 6.6 < end - start ? label : `${label.slice(0, Math.max(1, Math.floor((end - start) / 6.6) - 1))}…`;
  return `<rect x="${start + 1}" y="${y}" width="${end - start - 2}" height="20" rx="3" fill="${colour}"/>${text(start + 6, y + 14, shown, 'bar')}`;
}

const text = (x, y, content, name) =>
  `<text x="${x}" y="${y}" class="${name}">${content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;

/** The data from which the sample's report draws its first timeline. */
function sampleTimeline() {
  const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-picture-'));
  try {
    const trace = join(folder, 'trace.arrow');
    run('import', join(ROOT, SAMPLE), '-o', trace, '--quiet');
    const page = run('report', trace, '--only', 'use-after-unmap.stale-translation', '--fail-on', 'none');
    return JSON.parse(/<script type="application\/json">(\{"events".*?)<\/script>/s.exec(page)[1]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(...args) {
  const { status, stdout, stderr } = spawnSync(execPath, [join(ROOT, 'cli/bin/p2mtrace.js'), ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}
