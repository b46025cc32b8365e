import { describe, expect, it } from 'vitest';
import { confirmQuery, type Finding, findFinding, findingId } from '../../src/index.js';

const finding = (signature: string, confidence: Finding['confidence'], ...mfns: string[]): Finding => ({
  id: findingId(signature),
  analyzer: 'refcount',
  rule: 'refcount.leak',
  severity: 'error',
  confidence,
  signature,
  title: 'a reference is never dropped',
  page: null,
  count: mfns.length,
  ...{ of: null, mechanism: null, basis: 'documented', incident: null },
  occurrences: mfns.map(mfn => ({ subject: { mfn }, witness: [] })),
});
const LEAK_A = 'refcount.leak | acquired_at=a';
const LEAK_AB = 'refcount.leak | acquired_at=ab';
const FINDINGS = [
  finding(LEAK_A, 'proven', '0x1', '0x2'),
  finding(LEAK_AB, 'proven', '0x3'),
  finding(LEAK_A, 'likely', '0x4'),
];

describe('a finding is named', () => {
  it.each([
    [LEAK_AB, '0x3', 1, 1],
    [`${LEAK_AB}#1`, '0x3', 1, 1],
    // Exact, though the other begins with it too; its confidences are counted through.
    [LEAK_A, '0x1', 1, 3],
    [`${LEAK_A}#2`, '0x2', 2, 3],
    [`${LEAK_A}#3`, '0x4', 3, 3],
    [findingId(LEAK_AB), '0x3', 1, 1],
    [`${findingId(LEAK_AB).slice(0, 4)}#1`, '0x3', 1, 1],
  ])('%s', (name, mfn, number, of) => {
    const found = findFinding(FINDINGS, name);
    expect(found).toMatchObject({ number, of, occurrence: { subject: { mfn } } });
    expect(found.finding.occurrences).toContain(found.occurrence);
  });

  it.each([
    ['refcount.leak', /P2M_FINDING: several findings begin with refcount\.leak/],
    ['gone', /P2M_FINDING: the trace has no finding gone/],
    ['', /P2M_FINDING: the trace has no finding/],
    [`${LEAK_AB}#2`, /P2M_FINDING: there is no occurrence #2/],
    [`${LEAK_AB}#0`, /P2M_FINDING: there is no occurrence #0/],
  ])('%j is none', (name, message) => {
    let said = '';
    try {
      findFinding(FINDINGS, name);
    } catch (error) {
      const { code, message: text } = error as { code: string; message: string };
      said = `${code}: ${text}`;
    }
    expect(said).toMatch(message);
  });

  it('by an id that follows from its signature alone', () => {
    // sha256 of the signature, as any other tool computes it.
    expect(findingId('refcount.leak')).toBe('58f866a2');
    expect(new Set(FINDINGS.map(({ id }) => id)).size).toBe(2);
  });
});

it('a query to confirm has the subjects and witnesses of the occurrence', () => {
  const occurrence = {
    subject: { mfn: '0x12040', lock: '0xffff830120101010', view: "it's", domid: 1, gfn: null },
    witness: [
      { seq: 4, role: 'lookup' },
      { seq: 6, role: 'changed' },
    ],
  };
  expect(confirmQuery('mfn = $mfn and domid = $domid and seq between $lookup and $changed', occurrence)).toBe(
    'mfn = 0x12040 and domid = 1 and seq between 4 and 6',
  );
  expect(confirmQuery('lock = $lock or view = $view or gfn is not distinct from $gfn or $gone', occurrence)).toBe(
    "lock = '0xffff830120101010' or view = 'it''s' or gfn is not distinct from null or null",
  );
});
