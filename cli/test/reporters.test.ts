import { readFileSync } from 'node:fs';
import type { Finding } from '@p2mtrace/analyzers';
import { DOMParser, type Element } from '@xmldom/xmldom';
import AjvDraft04 from 'ajv-draft-04';
import addFormats from 'ajv-formats';
import type { Log } from 'sarif';
import { describe, expect, it } from 'vitest';
import { type AuditReport, auditReport } from '../src/audit/audit-report.js';
import type { TraceResult } from '../src/audit/trace-result.js';
import { github } from '../src/reporters/github.js';
import { junit } from '../src/reporters/junit.js';
import { markdown } from '../src/reporters/markdown.js';
import { sarif } from '../src/reporters/sarif.js';

const finding = (id: string, rule: string, more: Partial<Finding> = {}): Finding => ({
  ...{ id, analyzer: rule.split('.')[0], rule, severity: 'error', confidence: 'proven' },
  ...{ signature: `${rule} | at=a<b> "c" & 'd'`, title: `title of ${rule}`, page: null, count: 3 },
  ...{ of: null, mechanism: null, basis: 'documented', incident: null },
  occurrences: [
    {
      subject: { mfn: '0x100', domid: 1, view: null },
      witness: [
        { seq: 0, role: 'taken' },
        { seq: 7, role: 'dropped' },
      ],
    },
    { subject: {}, witness: [] },
  ],
  ...more,
});
const trace = (path: string, more: Partial<TraceResult> = {}): TraceResult => ({
  ...{
    version: 2,
    path,
    trace: path,
    problem: null,
    notices: [],
    doubts: [],
    events: 10,
    lost: 0,
    findings: [],
    metrics: {},
  },
  ...{ notChecked: [], incidents: [], customs: [], divergences: [] },
  ...more,
});

const FRESH = finding('00000001', 'refcount.leak');
const WARNING = finding('00000002', 'lock-order.class-cycle', { severity: 'warning', confidence: 'possible' });
const KNOWN = finding('00000003', 'lock-order.level');
const SUPPRESSED = finding('00000004', 'refcount.overflow', { severity: 'note' });
const PLUGIN = finding('00000005', 'hot-gfn.many', { signature: 'hot-gfn.many | a|b, 100%\\nsecond: line' });
const FIXED = {
  id: '00000006',
  rule: 'refcount.underflow',
  severity: 'error',
  signature: 'refcount.underflow | x',
} as const;

/** Two traces with findings new, known and suppressed, one that could not be judged, and one finding that is gone. */
const REPORT: AuditReport = auditReport({
  tool: '1.2.3',
  config: 'p2mtrace.config.ts',
  plugins: ['./hot-gfn.ts'],
  contents: 3,
  passedOver: [{ path: 'notes.txt', why: 'neither trace nor capture' }],
  shortfalls: ['3 traces, 5 expected'],
  metrics: [],
  traces: [
    trace('nightly/host 1, "å" #2.bin', { findings: [FRESH, WARNING, KNOWN, PLUGIN] }),
    trace('/traces/b.arrow', { findings: [FRESH, SUPPRESSED], notChecked: [{ rule: 'a.b', reason: 'no <x> events' }] }),
    trace('broken.bin', { problem: { code: 'P2M_XENTRACE', message: 'line 1\nline 2: 100% <bad>\x1b[31m' } }),
  ],
  baseline: {
    version: 1,
    findings: [{ id: KNOWN.id, rule: KNOWN.rule, severity: 'error', signature: KNOWN.signature }, FIXED],
  },
  suppressions: [{ finding: SUPPRESSED.id, reason: 'it is "fine"' }],
  today: '2026-11-21',
});

describe('sarif', async () => {
  // "Static Analysis Results Format (SARIF) Version 2.1.0-rtm.5 JSON Schema" of OASIS, as @microsoft/jest-sarif has it
  // (MIT). GitHub and SchemaStore validate by the same.
  const schema = JSON.parse(readFileSync(new URL('support/sarif-schema-2.1.0.json', import.meta.url), 'utf8'));
  // Its pattern of languages is no Unicode regular expression.
  const ajv = new AjvDraft04.default({ unicodeRegExp: false, allErrors: true, strict: false });
  addFormats.default(ajv as never);
  const validate = ajv.compile(schema);
  const log = JSON.parse(await sarif(REPORT)) as Log;
  const results = log.runs[0].results!;
  const of = (rule: string) => results.filter(({ ruleId }) => ruleId === rule);

  it('is as the schema has it', () => {
    validate(log);
    expect(validate.errors ?? []).toEqual([]);
    expect(log.$schema).toBe(schema.id);
  });

  it('would be found out where it were not', () => {
    expect(validate({ ...log, version: '2.0.0' })).toBe(false);
    expect(validate({ ...log, runs: [{ ...log.runs[0], results: [{ level: 'bad' }] }] })).toBe(false);
  });

  it('says of each finding in each trace how it stands to the baseline', () => {
    expect(of('refcount.leak').map(({ baselineState }) => baselineState)).toEqual(['new', 'new']);
    expect(of('lock-order.level').map(({ baselineState }) => baselineState)).toEqual(['unchanged']);
    expect(of('refcount.underflow').map(({ baselineState, level }) => [baselineState, level])).toEqual([
      ['absent', 'error'],
    ]);
  });

  it('has suppressions on all results or on none', () => {
    // SARIF 2.1.0 §3.27.23: where a run has suppressions, a result without any has an empty array.
    expect(of('refcount.overflow')[0].suppressions).toEqual([
      { kind: 'external', status: 'accepted', justification: 'it is "fine"' },
    ]);
    expect(results.every(({ suppressions }) => suppressions !== undefined)).toBe(true);
  });

  it('names its rules, and each result the index of its own', () => {
    const rules = log.runs[0].tool.driver.rules!;
    for (const { ruleId, ruleIndex } of results) expect(rules[ruleIndex!].id).toBe(ruleId);
  });

  it('tells traces that were not judged', () => {
    const [{ executionSuccessful, toolExecutionNotifications }] = log.runs[0].invocations!;
    expect(executionSuccessful).toBe(false);
    expect(toolExecutionNotifications?.map(({ message }) => message.text)).toEqual([
      '3 traces, 5 expected',
      // A bracket would begin a link (SARIF 2.1.0 §3.11.6), and so would what a backslash in front of it escapes.
      'P2M_XENTRACE: line 1\\\\nline 2: 100% <bad>\\\\u001b\\[31m',
    ]);
  });

  it('writes every path as a URI that leads back to it', () => {
    const uris = results.flatMap(({ locations = [] }) =>
      locations.map(one => one.physicalLocation!.artifactLocation!.uri!),
    );
    const paths = [...new Set(uris)].map(uri => decodeURIComponent(new URL(uri, 'file:///audit/').pathname));
    expect(paths.sort()).toEqual(['/audit/nightly/host 1, "å" #2.bin', '/traces/b.arrow']);
  });
});

describe('junit', async () => {
  const problems: string[] = [];
  const parser = new DOMParser({ onError: (_, message) => void problems.push(String(message)) });
  const root = parser.parseFromString(await junit(REPORT), 'text/xml').documentElement!;
  const suites = [...root.getElementsByTagName('testsuite')];
  const named = (parent: Element, tag: string) => [...parent.getElementsByTagName(tag)];

  it('is well-formed', () => {
    expect(problems).toEqual([]);
    expect(suites.map(suite => suite.getAttribute('name'))).toEqual([
      ...REPORT.traces.map(({ path }) => path),
      'audit',
    ]);
  });

  it('counts what it has', () => {
    for (const suite of suites) {
      const counted = ['tests', 'failures', 'errors', 'skipped'].map(name => Number(suite.getAttribute(name)));
      expect(counted).toEqual(['testcase', 'failure', 'error', 'skipped'].map(tag => named(suite, tag).length));
    }
  });

  it('fails new errors only', () => {
    const failed = named(root, 'testcase').filter(test => named(test, 'failure').length > 0);
    expect(failed.map(test => test.getAttribute('name'))).toEqual(
      ['hot-gfn.many', 'refcount.leak', 'refcount.leak'].sort(),
    );
  });

  it('keeps text as it was, but for what is hidden', () => {
    const text = named(root, 'error')[0].textContent;
    expect(text).toBe('line 1\\nline 2: 100% <bad>\\u001b[31m');
    expect(named(root, 'failure')[0].textContent).toContain('\n');
  });
});

describe('github', async () => {
  const lines = (await github(REPORT)).trimEnd().split('\n');
  const COMMAND = /^::(error|warning|notice) file=([^,:]*),title=([^,:]*)::(.*)$/;
  /** As the runner does: @actions/core's escapeProperty and escapeData, undone. */
  const plain = (text: string) =>
    text.replace(/%(0D|0A|3A|2C|25)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

  it('annotates what is new and what was not judged, a line each', () => {
    expect(lines.at(-1)).toBe('::error title=audit::3 traces, 5 expected');
    const commands = lines.slice(0, -1).map(line => COMMAND.exec(line)!.slice(1, 4).map(plain));
    const host = 'nightly/host 1, "å" #2.bin';
    expect(commands).toEqual([
      ['error', host, 'hot-gfn.many'],
      ['error', host, 'refcount.leak'],
      ['error', '/traces/b.arrow', 'refcount.leak'],
      ['warning', host, 'lock-order.class-cycle'],
      ['error', 'broken.bin', 'P2M_XENTRACE'],
    ]);
  });

  it('keeps per cents of messages, and shows their line breaks', () => {
    expect(plain(COMMAND.exec(lines[0])![4])).toContain('hot-gfn.many | a|b, 100%\\nsecond: line');
    expect(plain(COMMAND.exec(lines.at(-2)!)![4])).toContain('line 1\\nline 2: 100% <bad>');
  });
});

describe('markdown', async () => {
  const text = await markdown(REPORT);
  /** Cells of the rows of all tables: a bar with a backslash before it is text. */
  const rows = text
    .split('\n')
    .filter(line => line.startsWith('|'))
    .map(line => line.split(/(?<!\\)\|/).slice(1, -1));

  it('sums up, and has a table of new findings, of traces not judged, and of all', () => {
    expect(text).toContain(
      '3 files, 1 of them could not be judged, 1 passed over; 3 new findings (12 occurrences), 1 known, 1 suppressed, 1 no longer seen.',
    );
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual([
      'New findings',
      'Not judged',
      'Traces',
    ]);
  });

  it('has rows as wide as their heads, whatever is in the cells', () => {
    const widths = rows.map(cells => cells.length);
    // Head and rule, then the rows: 3 new findings, 1 trace that was not judged, 3 traces.
    expect(widths).toEqual([...Array(5).fill(9), ...Array(3).fill(3), ...Array(5).fill(5)]);
  });

  it('lets no text be HTML', () => {
    expect(text).toContain('<');
    expect(text).not.toMatch(/(?<!\\)</);
  });
});
