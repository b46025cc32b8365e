/** Reads the corpus (samples/corpus/README.md), for the test that runs it and for docs/coverage.md. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
export const CORPUS = join(ROOT, 'samples', 'corpus');
export const GROUPS = ['rules', 'mails', 'xsa', 'cases'];

/** Natural order: XSA-58 before XSA-214. */
const byName = new Intl.Collator('en', { numeric: true }).compare;

/**
 * Every case: `id` is GROUP/NAME; `trace` and `nearMiss` are paths, the latter undefined if the case has none;
 * `findings` is the list in expect.json; `divergences` has the seqs of events whose recorded value the model does not
 * expect.
 */
export function corpusCases() {
  return GROUPS.flatMap(group =>
    readdirSync(join(CORPUS, group))
      .sort(byName)
      .map(name => readCase(group, name)),
  );
}

function readCase(group, name) {
  const folder = join(CORPUS, group, name);
  const { findings, divergences = [] } = JSON.parse(readFileSync(join(folder, 'expect.json'), 'utf8'));
  const nearMiss = join(folder, 'near-miss.ndjson');
  return {
    id: `${group}/${name}`,
    group,
    name,
    title: titleOf(folder),
    trace: join(folder, 'trace.ndjson'),
    nearMiss: existsSync(nearMiss) ? nearMiss : undefined,
    findings,
    divergences,
  };
}

/** The heading of a case's page, or else the first sentence of the comment in its trace. */
function titleOf(folder) {
  const page = join(folder, 'README.md');
  if (existsSync(page)) return /^# (.*)$/m.exec(readFileSync(page, 'utf8'))[1];
  const [comment] = /^(#.*\n)+/.exec(readFileSync(join(folder, 'trace.ndjson'), 'utf8'));
  return /^.*?(?=[.:;]|$)/.exec(comment.replaceAll(/\n?# /g, ' ').trim())[0];
}

/** Kinds of the events of a file of NDJSON, by seq. */
export function kindsOf(path) {
  return [...readFileSync(path, 'utf8').matchAll(/^\{"kind": "(\w+)"/gm)].map(([, kind]) => kind);
}
