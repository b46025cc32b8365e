import { describe, expect, it } from 'vitest';
import { foldCustoms } from '../src/findings/customs.js';
import { incidentsOf } from '../src/findings/incidents.js';
import type { Finding } from '../src/index.js';

const finding = (rule: string, mfns: readonly string[], seq: number, more: Partial<Finding> = {}): Finding => ({
  ...{ id: rule, analyzer: rule.split('.')[0], rule, severity: 'error', confidence: 'proven', page: null },
  ...{ signature: `${rule} | site=a`, title: `title of ${rule}`, count: mfns.length, of: null, mechanism: 'free' },
  ...{ basis: 'documented', incident: null },
  occurrences: mfns.map(mfn => ({ subject: { mfn }, witness: [{ seq, role: 'done' }] })),
  ...more,
});
const frames = (from: number, count: number) => Array.from({ length: count }, (_, i) => `0x${(from + i).toString(16)}`);
const outOf = (times: number) => () => ({ times, what: 'pages freed' });

describe('what contradicts a belief', () => {
  const two = [finding('a.b', frames(0, 9), 1), finding('a.b', frames(9, 2), 2, { signature: 'a.b | site=b' })];

  it('nearly always is one note, whatever the sites', () => {
    const { findings, customs } = foldCustoms(two, outOf(21));
    expect(findings).toMatchObject([{ severity: 'note', confidence: 'possible', count: 11, of: { times: 21 } }]);
    expect(findings[0].title).toContain('wrong 11 times');
    expect(findings[0].occurrences).toHaveLength(11);
    expect(customs).toEqual([
      { rule: 'a.b', mechanism: 'free', basis: 'documented', count: 11, of: 21, what: 'pages freed' },
    ]);
  });

  it.each([
    ['half of the time', outOf(22), two],
    ['at too few opportunities', outOf(19), two],
    ['of which nobody counted opportunities', () => undefined, two],
    ['that Xen asserts', outOf(21), two.map(one => ({ ...one, basis: 'asserted' as const }))],
  ])('%s stays what it is', (_, allOf, findings) => {
    expect(foldCustoms(findings, allOf)).toEqual({ findings, customs: [] });
  });
});

describe('an incident', () => {
  it('is told from its first cause', () => {
    const put = finding('r.put', frames(0, 4), 10);
    const freed = finding('r.freed', frames(0, 5), 20);
    const given = finding('r.given', frames(1, 3), 30);
    const other = finding('r.other', frames(100, 3), 5);
    const { findings, incidents } = incidentsOf([given, freed, other, put]);
    expect(incidents).toEqual([
      {
        cause: 'r.put',
        follows: ['r.given', 'r.freed'],
        title: '4 × title of r.put; from it: 3 × title of r.given; 5 × title of r.freed',
      },
    ]);
    expect(findings.map(({ incident }) => incident)).toEqual(['r.put', 'r.put', null, 'r.put']);
  });

  it('has a cycle of lock classes behind the acquisition that closed it', () => {
    const lock = (rule: string, subject: object, seqs: number[]) => {
      const witness = seqs.map(seq => ({ seq, role: 'taken' }));
      return finding(rule, [], 0, { count: 1, occurrences: [{ subject, witness } as Finding['occurrences'][0]] });
    };
    const cycle = lock('l.cycle', { cycle: 'a -> b -> a' }, [1, 2, 8, 9]);
    const level = lock('l.level', { lock: '0xa' }, [8, 9]);
    expect(incidentsOf([level, cycle]).incidents).toMatchObject([{ cause: 'l.level', follows: ['l.cycle'] }]);
    expect(incidentsOf([lock('l.level', { lock: '0xa' }, [5, 6]), cycle]).incidents).toEqual([]);
  });

  it('is none where few of the later ones lie on what came before, or both are of one rule', () => {
    const cause = finding('r.put', frames(0, 2), 10);
    expect(incidentsOf([cause, finding('r.freed', frames(0, 5), 20)]).incidents).toEqual([]);
    expect(incidentsOf([cause, finding('r.put', frames(0, 2), 20)]).incidents).toEqual([]);
  });
});
