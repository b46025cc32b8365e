import { readdirSync } from 'node:fs';
import { at, camel, change, create, isThere, NewError } from './new-files.mjs';

const RULES = 'packages/analyzers/src/rules';
const CHECKS = 'packages/replayer/src/checks';
const TABLE = 'packages/replayer/src/facts/breach-table.ts';

const check = (id, name) => `import { defineCheck } from '../check.js';

/** TODO: what contradicts what, and how Xen or Linux comes to do it. */
export const ${name} = defineCheck({
  rule: '${id}',
  // TODO: \`needs\`, notes of references or lookups that it reads; \`policy\`, if Xen need not do it.
  make: ({ now, report, opportunities }) => {
    // TODO: what it counts, by its name in the table of breaches.
    const lookups = opportunities('lookup');
    /** TODO: the event contradicts the state, which \`make\` is given as \`state\`. Unknown contradicts nothing. */
    const isBroken = (): boolean => false;

    return {
      // TODO: the kinds that it looks at, before they change the state or \`after\`; or \`sectionEnd\`, or \`end\`.
      before: {
        lookup: () => {
          lookups.count();
          // TODO: columns of \`breaches\` that say what it is about, and the witnesses by their roles.
          if (isBroken()) report({ at: { broken: now.seq } });
        },
      },
    };
  },
});
`;

const rule = (id, name) => `import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const ${name}: Rule = {
  id: '${id}',
  title: 'TODO: what is wrong, in a few words',
  // TODO: how bad it is at worst, and how sure at best.
  severity: 'error',
  belief: { basis: 'customary', source: 'TODO: the function, advisory or page that says so; \`basis\` is how it does' },
  confidence: 'proven',
  // TODO: the kinds of events without which it can't be decided.
  needs: ['lookup'],
  doc: 'TODO: what a finding means, with its source in docs/xen.md or the function of Xen',
  fires: 'TODO: the shape in which it fires',
  nearMiss: 'TODO: the same shape done right, where it must not',
  mechanism: 'TODO: how it comes about in Xen or Linux, with function and file, and advisories',
  // TODO: a query that shows what a finding rests on; $seq_of_a_role and $key_of_the_subject stand for its own.
  confirm: "select seq, kind from events where seq = $broken -- 'TODO'",
  fix: 'TODO: how it is usually fixed',
  limits: 'TODO: what it can get wrong, and what it can not see',
  // TODO: columns that say what it is about, and those that are the same in the next recording.
  sql: breachSql('${id}', { subject: ['mfn'], signature: ['site'] }),
};
`;

const HEADER = '{"p2mtrace": 1, "layout": "P6"}\n{"kind": "mark", "pcpu": 0}\n';
const FIRES = `# TODO: what happens here, event by event, and why it is wrong; then the events.\n${HEADER}`;
const NEAR_MISS = `# TODO: the same with the lock, the reference or the order right; the rule must be decided here.\n${HEADER}`;
const expected = id => ({
  todo: 'TODO: subject and witnesses of each finding, worked out by hand from trace.ndjson',
  findings: [{ rule: id, confidence: 'proven', subject: {}, witness: [{ seq: 0, role: 'broken' }] }],
});

/**
 * Adds a rule over a check of the replay: the check with its witnesses in the table of breaches, the rule, and a corpus
 * case in which it fires, with a near miss in which it must not; the corpus tests run both. @throws NewError
 */
export function newRule(id) {
  const [, analyzer, short] = /^([a-z][a-z0-9-]*)\.([a-z][a-z0-9-]*)$/.exec(id) ?? [];
  if (analyzer === undefined) throw new NewError(`a rule is named ANALYZER.RULE in small letters: ${id}`);
  const analyzers = readdirSync(at(RULES)).filter(name => isThere(`${RULES}/${name}/index.ts`));
  if (!analyzers.includes(analyzer))
    throw new NewError(`there is no analyzer ${analyzer}: one of ${analyzers.join(', ')}`);
  const name = camel(short);
  const sample = `samples/corpus/rules/${id}`;
  const files = [
    create(`${RULES}/${analyzer}/${short}.ts`, rule(id, name)),
    change(
      `${RULES}/${analyzer}/index.ts`,
      [/^(?=export const)/m, `import { ${name} } from './${short}.js';\n\n`],
      [/(rules: \[[^\]]*?),?(\s*)\]/, `$1, ${name}$2]`],
    ),
    create(`${CHECKS}/${analyzer}/${short}.ts`, check(id, name)),
    change(
      `${CHECKS}/registry.ts`,
      [/^(?=import )/m, `import { ${name} } from './${analyzer}/${short}.js';\n`],
      [/^\];$/m, `  ${name},\n];`],
    ),
    change(TABLE, [
      /^(?=\} as const satisfies Record)/m,
      `  // TODO: roles of its witnesses; \`details\`, the cases that it has, if several; what it counts.\n  '${id}': { roles: ['broken'], counts: { lookup: 'TODO: lookups, in words' } },\n`,
    ]),
    create(`${sample}/trace.ndjson`, FIRES),
    create(`${sample}/near-miss.ndjson`, NEAR_MISS),
    create(`${sample}/expect.json`, `${JSON.stringify(expected(id), null, 2)}\n`),
  ];
  return { files, left: leftOf(id, sample) };
}

const leftOf = (id, sample) => [
  'what those files have a TODO for: grep -rn TODO, with the files above',
  `then: npx vitest run packages/analyzers/test/rule-texts.test.ts test/corpus.test.ts -t ${id}`,
  'npx vitest run packages/analyzers/test/captures.test.ts: the clean captures stay clean',
  `${sample}/README.md, where there is more to say than the traces' comments do`,
  'CHANGELOG.md: a line',
  'npm run docs, then .ci/run',
];
