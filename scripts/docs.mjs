/**
 * Redraws docs/timeline.svg, and rewrites the generated sections of docs/*.md from the code: everything between `<!--
 * generated:NAME -->` and `<!-- /generated -->`. Run it as `npm run docs`; test/docs.test.ts fails if a section is out
 * of date.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ANALYZERS, CONFIDENCES, RULES, SEVERITIES, standardLibrary } from '@p2mtrace/analyzers';
import { BREACH_TABLE, FACT_SPECS, FACTS_VERSION } from '@p2mtrace/replayer';
import {
  COLUMN_NAMES,
  COLUMNS,
  COMMON_COLUMNS,
  DICTIONARIES,
  DICTIONARY_NAMES,
  FLAG,
  FLAGS,
  KINDS,
  LAYOUT_PROFILES,
  MM_LOCKS,
  P2M_NUMBERINGS,
  P2M_TYPES,
  RECORDS,
  recordOf,
  SCHEMA_VERSION,
  wireTypeTable,
} from '@p2mtrace/trace-format';
import { cellsOf, HEAD } from '../record/lab/lib/table.mjs';
import { corpusCases } from './corpus.mjs';
import { coverage } from './coverage.mjs';
import { manPage } from './man.mjs';
import { code, codes, sqlBlock, table, wrapped } from './markdown.mjs';
import { picture } from './picture.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
export const DOCS = join(ROOT, 'docs');
export const MAN_PAGE = join(ROOT, 'cli/man/p2mtrace.1');

const ARROW_TYPES = {
  u64: 'UInt64',
  u32: 'UInt32',
  i32: 'Int32',
  u16: 'UInt16',
  u8: 'UInt8',
  bit: 'Bool',
  binary: 'Binary',
};

function columns() {
  const rows = COLUMN_NAMES.map((name, i) => {
    const { type, nullable, dictionary, doc } = COLUMNS[name];
    const values = dictionary && (DICTIONARIES[dictionary].values === 'u64' ? 'UInt64' : 'Utf8');
    const arrow = dictionary === undefined ? ARROW_TYPES[type] : `Dictionary<${ARROW_TYPES[type]}, ${values}>`;
    return [i, code(name), arrow, nullable ? 'yes' : 'no', dictionary === undefined ? '' : code(dictionary), doc];
  });
  return table(['#', 'column', 'Arrow type', 'nullable', 'dictionary', 'meaning'], rows);
}

function dictionaries() {
  const rows = DICTIONARY_NAMES.map((name, id) => {
    const { grows, names, values } = DICTIONARIES[name];
    const first = name === 'kind' ? 'the kinds below, in their order' : codes(names) || 'none';
    return [id, code(name), values === 'u64' ? 'UInt64' : 'Utf8', grows ? 'grows' : 'fixed', first];
  });
  return table(['id', 'dictionary', 'values', '', 'first values, from index 0 on'], rows);
}

/** A column of a kind, or arg0 and arg1 under the kind's names for them. */
function fieldText(kind, name) {
  const index = kind.args?.findIndex(arg => arg.split(':')[0] === name) ?? -1;
  if (index < 0) return code(name);
  const type = kind.args[index].split(':')[1];
  return `${code(name)} (${code(`arg${index}`)}${type === undefined ? '' : `, a ${code(type)}`})`;
}

function kinds() {
  const rows = KINDS.map((kind, i) => {
    const fields = names => names.map(name => fieldText(kind, name)).join(', ');
    return [i, code(kind.name), kind.group, fields(kind.needs), fields(kind.may)];
  });
  const common = `Every kind may also have ${codes(COMMON_COLUMNS)}.`;
  return `${common}\n\n${table(['#', 'kind', 'group', 'must have', 'may have'], rows)}`;
}

function flags() {
  const rows = FLAGS.map(({ name, kinds: of, meaning }, bit) => {
    return [bit, `0x${FLAG[name].toString(16)}`, code(name), codes(of), meaning];
  });
  return table(['bit', 'value', 'flag', 'kinds', 'meaning'], rows);
}

/** Records of a stock Xen, or those of the extension. */
function records(isExtension) {
  const rows = Object.values(RECORDS)
    .filter(({ id }) => id >= 0x0010f800 === isExtension)
    .map(({ id, name, kinds: made, layout, note }) => {
      return [`0x${id.toString(16).padStart(8, '0')}`, name, codes(made) || 'no row', layout, note];
    });
  return table(['id', 'record', 'kind', 'words', 'notes'], rows);
}

function p2mTypes() {
  const tables = P2M_NUMBERINGS.map(wireTypeTable);
  const rows = P2M_TYPES.map((name, index) => {
    const wire = tables.map(numbers => numbers.indexOf(index));
    return [index, code(name), ...wire.map(number => (number < 0 ? '' : number))];
  });
  return table(['index', 'p2m_type', ...P2M_NUMBERINGS.map(release => `wire, since ${release}`)], rows);
}

function layouts() {
  const bits = named =>
    Object.entries(named)
      .map(([name, bit]) => `${name} ${bit}`)
      .join(', ');
  const rows = LAYOUT_PROFILES.map(profile => [
    code(profile.name),
    profile.releases,
    profile.countWidth,
    bits(profile.countBits),
    profile.stateShift === undefined ? '' : `${profile.stateShift}–${profile.stateShift + 1}`,
    profile.typeCountWidth,
    bits(profile.typeBits),
    `${profile.typeShift} up: ${profile.types.join(' ')}`,
  ]);
  const head = [
    'profile',
    'releases',
    'count width',
    'PGC_ bits',
    'PGC_state',
    'type count width',
    'PGT_ bits',
    'type',
  ];
  return table(head, rows);
}

function locks() {
  return table(
    ['lock_class', 'level'],
    MM_LOCKS.map(({ name, level }) => [code(name), level]),
  );
}

const SQL_TYPES = { u53: 'UBIGINT', id: 'INTEGER', tsc: 'UBIGINT', u64: 'UBIGINT', bool: 'BOOLEAN', enum: 'ENUM' };

/** The standard library of SQL, module by module. */
function library() {
  const sections = standardLibrary().map(({ name, doc, definitions }) => {
    const rows = definitions.map(({ usage, doc: meaning }) => [code(usage), meaning.replaceAll('\n', ' ')]);
    return `### ${name}\n\n${wrapped(doc)}\n\n${table(['name', 'meaning'], rows)}`;
  });
  return sections.join('\n\n');
}

function facts() {
  const sections = FACT_SPECS.map(({ name, doc, columns: specs }) => {
    const rows = specs.map(({ name: column, type, doc: meaning, names }) => {
      // p2m types, access and modes are long lists, found in docs/format.md.
      const values = names === undefined || names.length > 3 ? '' : ` (${codes(names)})`;
      return [code(column), SQL_TYPES[type], `${meaning}${values}`];
    });
    const roles = name === 'breaches' ? `\n\n${breachRoles()}` : '';
    return `### ${name}\n\nOne row: ${doc}.\n\n${table(['column', 'SQL type', 'meaning'], rows)}${roles}`;
  });
  return `These tables are version ${FACTS_VERSION} of the facts.\n\n${sections.join('\n\n')}`;
}

/** What a dataset has besides the tables of its traces. */
async function datasetTables() {
  const { COMMON, OWN_TABLES } = await import('../cli/dist/dataset/own-tables.js');
  const rowsOf = columns => columns.map(({ name, type, doc }) => [code(name), type, doc]);
  const heads = ['column', 'SQL type', 'meaning'];
  const sections = OWN_TABLES.map(
    ({ name, doc, columns }) => `### ${name}\n\nOne row: ${doc}.\n\n${table(heads, rowsOf(columns))}`,
  );
  return [table(heads, rowsOf(COMMON)), ...sections].join('\n\n');
}

/** The roles of each rule's witnesses, and its cases. */
function breachRoles() {
  const rows = Object.entries(BREACH_TABLE).map(([rule, { roles, details = [] }]) => {
    return [code(rule), codes(roles), codes(details)];
  });
  return table(['`breach`', '`at1`, `at2`, …', '`detail`'], rows);
}

function rules() {
  const cases = corpusCases();
  const sections = ANALYZERS.map(({ id }) => {
    const own = RULES.filter(({ analyzer }) => analyzer === id);
    return [`## ${id}`, ...own.map(rule => ruleSection(rule, cases))].join('\n\n');
  });
  return sections.join('\n\n');
}

/**
 * The hooks of record/hooks.tsv: what they write, how often each matches in which version, and how many rules of which
 * analyzers need one of its kinds.
 */
function hooks() {
  const [head, ...lines] = readFileSync(join(ROOT, 'record', 'hooks.tsv'), 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => line.split('\t'));
  const rows = lines.map(([hook, records, , ...counts]) => {
    const kinds = records.split(' ').flatMap(minor => recordOf(0x0010_f000 | Number.parseInt(minor, 16)).kinds);
    const needing = ANALYZERS.map(({ id }) => {
      const own = RULES.filter(({ analyzer, needs }) => {
        return analyzer === id && needs.some(need => need.split('|').some(kind => kinds.includes(kind)));
      });
      return own.length === 0 ? '' : `${code(id)} ${own.length}`;
    });
    return [code(hook), records, ...counts, needing.filter(Boolean).join(', ')];
  });
  return table(['hook', 'records', ...head.slice(3), 'rules that need one of its kinds'], rows);
}

/** A rule's text in docs/rules.md: citations of docs/NAME.md#anchor become links. */
const linked = text =>
  text.replace(/docs\/(\w+\.md)(#[\w-]+)?/g, (_, page, anchor = '') => `[${page}${anchor}](${page}${anchor})`);

function ruleSection(rule, cases) {
  const {
    id,
    title,
    severity,
    belief,
    confidence,
    policy,
    needs,
    refutedBy = [],
    doc,
    fires,
    nearMiss,
    mechanism,
    confirm,
    fix,
    limits,
  } = rule;
  const more = refutedBy.length === 0 ? '' : `; where there are many, also ${refutedBy.map(code).join(', ')}`;
  const kindsNeeded = needs.map(need => need.split('|').map(code).join(' or ')).join(', ') + more;
  const shown = cases
    .filter(({ findings }) => findings.some(({ rule }) => rule === id))
    .map(one => `[${one.id}](../samples/corpus/${one.id})`);
  const paragraphs = [
    `### ${id}`,
    `${title.charAt(0).toUpperCase()}${title.slice(1)}.${policy ? ' A policy: it runs only if it is named.' : ''}`,
    table(['worst severity', 'best confidence', 'needs events of kind'], [[severity, confidence, kindsNeeded]]),
    wrapped(linked(doc)),
    belief && wrapped(`**What it rests on.** ${linked(beliefSentence(belief))}`),
    wrapped(`**It fires** on this: ${linked(fires)}`),
    wrapped(`**Near miss**, where it must not: ${linked(nearMiss)}`),
    mechanism && wrapped(`**How it comes about.** ${linked(mechanism)}`),
    confirm && `**To confirm it**, with a finding's subjects and witnesses for \`$NAME\`:\n\n${sqlBlock(confirm)}`,
    fix && wrapped(`**The usual fix.** ${linked(fix)}`),
    limits && wrapped(`**What it can get wrong.** ${linked(limits)}`),
    shown.length > 0 && wrapped(`**Shown by** ${shown.join(', ')}.`),
  ];
  return paragraphs.filter(Boolean).join('\n\n');
}

/** `Documented (up to 4.21): XSA-480, [deferred-flush](xen.md#deferred-flush).` */
function beliefSentence({ basis, source, versions }) {
  const links = source.replace(/docs\/xen\.md#([a-z0-9-]+)/g, '[xen.md](xen.md#$1)');
  return `${basis.charAt(0).toUpperCase()}${basis.slice(1)}${versions ? ` (${versions})` : ''}: ${links}.`;
}

/** The help text of every command. */
async function commands() {
  const { COMMANDS } = await import('../cli/dist/commands.js');
  const sections = COMMANDS.map(({ name, args, optionalArgs = [], summary, more, options, examples }) => {
    const places = [
      ...args.map(([arg, help]) => [`<${arg}>`, help]),
      ...optionalArgs.map(([arg, help]) => [`[${arg}]`, help]),
    ];
    const usage = ['p2mtrace', name, ...places.map(([place]) => place), options.length > 0 ? '[options]' : ''];
    const rows = [...places.map(([place, help]) => [code(place), help]), ...options.map(optionRow)];
    return [
      `## ${name}`,
      `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
      code(usage.join(' ').trim()),
      rows.length > 0 && table(['argument or option', 'meaning'], rows),
      more && `\`\`\`text\n${more}\n\`\`\``,
      `\`\`\`sh\n${examples.join('\n')}\n\`\`\``,
    ]
      .filter(Boolean)
      .join('\n\n');
  });
  return sections.join('\n\n');
}

function optionRow({ flags: option, help, choices, byDefault, required }) {
  const notes = [
    choices && `one of ${codes(choices)}`,
    byDefault !== undefined && `default ${code(byDefault)}`,
    required && 'required',
  ].filter(Boolean);
  return [code(option), [help, ...notes].join('; ')];
}

/** The options that all commands have. */
async function commonOptions() {
  const { COMMON_OPTIONS } = await import('../cli/dist/common-options.js');
  return table(['option', 'meaning'], COMMON_OPTIONS.map(optionRow));
}

/** What `p2mtrace help` explains besides commands. */
async function topics() {
  const { TOPICS } = await import('../cli/dist/command-specs/topics.js');
  return TOPICS.map(({ name, text }) => `## ${name}\n\n\`\`\`text\n${text}\n\`\`\``).join('\n\n');
}

async function debugCommands() {
  const { DEBUG_COMMANDS } = await import('../cli/dist/debug/debug-commands.js');
  const rows = DEBUG_COMMANDS.map(({ name, args, help }) => [code(`${name} ${args}`.trim()), help]);
  return table(['command', 'does'], rows);
}

/** What the lab found of its planted defects, as it was last measured. */
function lab() {
  const rows = JSON.parse(readFileSync(join(DOCS, '..', 'record', 'lab', 'results.json'), 'utf8'));
  return table(HEAD, cellsOf(rows));
}

const GENERATORS = {
  columns,
  dictionaries,
  kinds,
  flags,
  'stock-records': () => records(false),
  'extension-records': () => records(true),
  hooks,
  'p2m-types': p2mTypes,
  layouts,
  locks,
  facts,
  'dataset-tables': datasetTables,
  library,
  rules,
  coverage,
  lab,
  commands,
  'common-options': commonOptions,
  topics,
  'debug-commands': debugCommands,
  'schema-version': () => `The schema version is ${SCHEMA_VERSION}.`,
  levels: () => `Severities: ${codes(SEVERITIES)}. Confidences: ${codes(CONFIDENCES)}.`,
};

const SECTION = /(<!-- generated:([\w-]+) -->\n)(?:(?!<!-- generated)[\s\S])*?(<!-- \/generated -->)/g;

/** The text with each generated section brought up to date. */
export async function render(text) {
  const made = new Map();
  for (const [, , name] of text.matchAll(SECTION)) {
    if (GENERATORS[name] === undefined) throw new Error(`nothing generates the section ${name}`);
    made.set(name, await GENERATORS[name]());
  }
  return text.replace(SECTION, (_, start, name, end) => `${start}\n${made.get(name)}\n${end}`);
}

/** Names of the documents, and the sections of each. */
export function documents() {
  return readdirSync(DOCS).filter(name => name.endsWith('.md'));
}

export { manPage, picture };

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  for (const name of documents()) {
    const path = join(DOCS, name);
    const before = readFileSync(path, 'utf8');
    const after = await render(before);
    if (after === before) continue;
    writeFileSync(path, after);
    process.stdout.write(`docs/${name} rewritten\n`);
  }
  writeFileSync(join(DOCS, 'timeline.svg'), picture());
  writeFileSync(MAN_PAGE, await manPage());
}
