import { analyzeTrace, type Finding } from '@p2mtrace/analyzers';
import { expect, it } from 'vitest';
import { auditReport } from '../../src/audit/audit-report.js';
import type { Baseline } from '../../src/audit/baseline.js';
import type { TraceResult } from '../../src/audit/trace-result.js';
import { htmlReport } from '../../src/report/html-report.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();
const BASELINE: Baseline = { version: 1, findings: [] };
const NOTHING = {
  ...{ baseline: BASELINE, suppressions: [], today: '2026-11-21', tool: '1' },
  ...{ config: null, plugins: [], contents: 1, passedOver: [], shortfalls: [], metrics: [], exceeded: [] },
};

const result = (path: string, findings: readonly Finding[]): TraceResult => ({
  ...{
    version: 2,
    path,
    trace: path,
    problem: null,
    notices: [],
    doubts: [],
    events: 1,
    lost: 0,
    notChecked: [],
    metrics: {},
  },
  ...{ incidents: [], customs: [], divergences: [] },
  findings: [...findings],
});
const report = (...traces: TraceResult[]) => htmlReport(auditReport({ ...NOTHING, traces }));

const EVENTS = [
  { kind: 'page_alloc', pcpu: 0, mfn: '0x100', order: 0, owner: 1, symbol: '</script><i>', caller: '0x1' },
];

/** A finding of a plugin, about what the trace does not have. */
const STRANGE: Finding = {
  ...{ id: '00000001', analyzer: 'mine', rule: 'mine.rule', severity: 'error', confidence: 'proven', count: 1 },
  ...{ signature: 'mine.rule | x', title: '<i>strange</i>', page: null },
  ...{ of: null, mechanism: null, basis: 'customary', incident: null },
  occurrences: [{ subject: { domid: 99, gfn: '0x10', view: 'altp2m:9' }, witness: [{ seq: 0, role: '<i>role</i>' }] }],
};

it('shows what it can of a finding that is about nothing in the trace', async () => {
  const { path } = await traceOf(EVENTS);
  const text = await report(result(path, [STRANGE]));
  expect(text).toContain('1 error');
  expect(text).toContain('&lt;i&gt;strange&lt;/i&gt;');
  expect(text).not.toContain('<i>');
});

it('names a trace that is no longer there, and shows the findings of the others', async () => {
  const { path } = await traceOf(EVENTS);
  const text = await report(result('/nowhere/gone.arrow', [STRANGE]), result(path, [STRANGE]));
  expect(text).toMatch(/<p class="notice">[^<]*gone\.arrow/);
  expect(text.match(/class="timeline"/g)?.length).toBe(1);
});

it('is the same each time, and says that nothing was found', async () => {
  const { path } = await traceOf(EVENTS);
  const text = await report(result(path, []));
  expect(text).toContain('Nothing was found');
  expect(await report(result(path, []))).toBe(text);
});

it('tells a finding of several traces of one', async () => {
  const get = { kind: 'get_page', pcpu: 0, mfn: '0x100', owner: 1, count_info: '0x5' };
  const readers = [await traceOf([...EVENTS, get]), await traceOf([...EVENTS, get])];
  const results = [];
  for (const reader of readers) results.push(result(reader.path, (await analyzeTrace(reader)).findings));
  expect(results[0].findings.length).toBeGreaterThan(0);
  const text = await report(...results);
  expect(text.match(/class="timeline"/g)?.length).toBe(results[0].findings.length);
});

it('says that it draws some of many traces', async () => {
  const { path } = await traceOf(EVENTS);
  const text = await report(...Array.from({ length: 10 }, (_, i) => ({ ...result(path, []), path: `${i}.arrow` })));
  expect(text).toContain('Shown: 8 of 10 traces');
  expect(text.match(/<section id="trace-/g)?.length).toBe(8);
});
