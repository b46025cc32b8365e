import { writeFileSync } from 'node:fs';
import { DOMParser } from '@xmldom/xmldom';
import { beforeAll, expect, it } from 'vitest';
import { fine, needsBuild, p2mtrace, tempDir } from '../support/cli.js';

needsBuild();
const temp = tempDir();

const p2m = { lock: '0xa', lock_class: 'p2m', mode: 'mutex' };
const pod = { lock: '0xb', lock_class: 'pod "<&', mode: 'mutex' };

/** pod is taken under p2m twice, and p2m under pod once. */
beforeAll(() => {
  const order = [p2m, pod, p2m, pod, pod, p2m];
  const pairs = [0, 2, 4].flatMap(i => {
    const [outer, inner] = [order[i], order[i + 1]];
    return [
      { kind: 'lock_acquire', ...outer, depth: 1 },
      { kind: 'lock_acquire', ...inner, depth: 1 },
      { kind: 'lock_release', ...inner, depth: 0 },
      { kind: 'lock_release', ...outer, depth: 0 },
    ];
  });
  const events = pairs.map((event, i) => `${JSON.stringify({ tsc: 1000 + i, pcpu: 0, ...event })}\n`);
  writeFileSync(temp('case.ndjson'), events.join(''));
});

const exported = (format: string) => fine(['export', temp('case.ndjson'), '--format', format, '--quiet']).stdout;

it('is a graph for Graphviz', () => {
  const lines = exported('dot').split('\n');
  expect(lines[0]).toBe('digraph "lock order" {');
  expect(lines.find(line => line.startsWith('  "p2m"'))).toMatch(
    /^ {2}"p2m" -> "pod \\"<&" \[label="2 times, first by #1\\nlock-order.class-cycle\\npart of a circle", color=red, fontcolor=red\];$/,
  );
  expect(lines.filter(line => line.includes('->'))).toHaveLength(2);
});

it('is a picture that stands alone', () => {
  const problems: string[] = [];
  const parser = new DOMParser({ onError: (_level: string, message: string) => problems.push(message) });
  const svg = parser.parseFromString(exported('svg'), 'image/svg+xml').documentElement!;
  expect(problems).toEqual([]);
  expect(svg.namespaceURI).toBe('http://www.w3.org/2000/svg');
  const texts = [...svg.getElementsByTagName('text')].map(text => text.textContent);
  expect(texts.filter(text => text === 'p2m' || text === 'pod "<&')).toHaveLength(2);
});

it('has a loop at the box of a class that was taken under itself', () => {
  const two = ['0xa', '0xc'].map(lock => ({ ...p2m, lock }));
  const events = [
    { kind: 'lock_acquire', ...two[0], depth: 1 },
    { kind: 'lock_acquire', ...two[1], depth: 1 },
    { kind: 'lock_release', ...two[1], depth: 0 },
    { kind: 'lock_release', ...two[0], depth: 0 },
  ].map((event, i) => `${JSON.stringify({ tsc: 1000 + i, pcpu: 0, ...event })}\n`);
  writeFileSync(temp('self.ndjson'), events.join(''));
  const { stdout } = fine(['export', temp('self.ndjson'), '--format', 'svg', '--quiet']);
  const [, x, y, width, height] = (
    /<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/.exec(stdout) ?? []
  ).map(Number);
  const [, path = ''] = /<\/title><path d="([^"]+)"/.exec(stdout) ?? [];
  const numbers = (path.match(/-?[\d.]+/g) ?? []).map(Number);
  for (const [px, py] of [numbers.slice(0, 2), numbers.slice(-2)]) {
    expect(px).toBeCloseTo(x + width, 1);
    expect(py).toBeGreaterThan(y);
    expect(py).toBeLessThan(y + height);
  }
});

it('is of the whole trace', () => {
  const { code, stderr } = p2mtrace(['export', temp('case.ndjson'), '--format', 'dot', '--from', '1']);
  expect([code, stderr.includes('P2M_FORMAT')]).toEqual([2, true]);
});
