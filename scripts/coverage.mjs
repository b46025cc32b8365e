/** What the corpus and the rules cover: event kinds × rules × cases, and what is missing. */
import { RULES } from '@p2mtrace/analyzers';
import { KINDS } from '@p2mtrace/trace-format';
import { corpusCases, GROUPS, kindsOf } from './corpus.mjs';
import { code, codes, table, wrapped } from './markdown.mjs';

const NONE = '–';
/** Without snapshot kinds, which only tell what is known where a piece of a trace begins. */
const KIND_NAMES = KINDS.filter(({ group }) => group !== 'snapshot').map(({ name }) => name);
const inOrder = kinds => KIND_NAMES.filter(name => kinds.has(name));

/** Every case with the kinds of its trace, and those of the witnesses by rule. */
function measuredCases() {
  return corpusCases().map(({ id, group, trace, nearMiss, findings }) => {
    const kinds = kindsOf(trace);
    const shownBy = new Map();
    for (const { rule, witness } of findings) {
      const seen = shownBy.get(rule) ?? new Set();
      for (const { seq } of witness) seen.add(kinds[seq]);
      shownBy.set(rule, seen);
    }
    return { id, group, hasNearMiss: nearMiss !== undefined, kinds: new Set(kinds), shownBy };
  });
}

/** Every rule with the events that it needs, those that show it, and its cases. */
function measuredRules(cases) {
  return RULES.map(({ id, needs }) => {
    const own = cases.filter(({ shownBy }) => shownBy.has(id));
    return {
      id,
      needs: new Set(needs.flatMap(need => need.split('|'))),
      witnesses: new Set(own.flatMap(({ shownBy }) => [...shownBy.get(id)])),
      cases: own,
    };
  });
}

export function coverage() {
  const cases = measuredCases();
  const rules = measuredRules(cases);
  return [
    '## Rules',
    ruleTable(rules),
    '## Kinds',
    kindTable(rules, cases),
    '## Holes',
    ...holes(rules, cases).map(([title, names]) => wrapped(`${title}: ${codes(names) || 'none'}.`)),
  ].join('\n\n');
}

function ruleTable(rules) {
  const rows = rules.map(({ id, needs, witnesses, cases }) => [
    code(id),
    codes(inOrder(needs)),
    codes(inOrder(witnesses)) || NONE,
    ...GROUPS.map(group => cases.filter(one => one.group === group).length || NONE),
    cases.filter(({ hasNearMiss }) => hasNearMiss).length || NONE,
  ]);
  return table(['rule', 'needs', 'witnesses in the corpus', ...GROUPS, 'near misses'], rows);
}

function kindTable(rules, cases) {
  const rows = KIND_NAMES.map(name => [
    code(name),
    rules.filter(({ needs }) => needs.has(name)).length || NONE,
    rules.filter(({ witnesses }) => witnesses.has(name)).length || NONE,
    cases.filter(({ kinds }) => kinds.has(name)).length || NONE,
  ]);
  return table(['kind', 'rules that need it', 'rules it is a witness of', 'cases with it'], rows);
}

function holes(rules, cases) {
  const fires =
    group =>
    ({ cases: own }) =>
      own.some(one => one.group === group);
  const ids = list => list.map(({ id }) => id);
  const kinds = test => KIND_NAMES.filter(test);
  return [
    ['Rules without a near miss', ids(rules.filter(rule => !rule.cases.some(({ hasNearMiss }) => hasNearMiss)))],
    [
      'Rules that no thread and no advisory shows',
      ids(rules.filter(rule => !fires('mails')(rule) && !fires('xsa')(rule))),
    ],
    ['Kinds that no case has', kinds(name => !cases.some(one => one.kinds.has(name)))],
    ['Kinds that no rule needs and no finding shows', kinds(name => !rules.some(rule => isUsed(rule, name)))],
    ['Cases without a finding', ids(cases.filter(({ shownBy }) => shownBy.size === 0))],
  ];
}

const isUsed = ({ needs, witnesses }, kind) => needs.has(kind) || witnesses.has(kind);
