import { KINDS, type KindName, usageError } from '@p2mtrace/trace-format';
import * as z from 'zod';
import { type Analyzer, BASES, defineAnalyzer, type Need } from './define-analyzer.js';
import { CONFIDENCES, SEVERITIES } from './levels.js';
import { isOptionSchema, type OptionSchema } from './option-schema.js';

/** Ids of plugins have an owner, `acme/hot-gfn`; no built-in id has one, so that the two never clash. */
const PLUGIN_ID = /^[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*$/;
const KIND_NAMES = new Set<string>(KINDS.map(({ name }) => name));

/** It is the id of a plugin's analyzer or rule. */
export const isPluginId = (id: string): boolean => id.includes('/');

const text = z.string().min(1);
const code = z.custom<(...args: never) => unknown>(value => typeof value === 'function', 'must be a function');
const kind = z.custom<KindName>(
  value => typeof value === 'string' && KIND_NAMES.has(value),
  'must be a kind of events',
);
const need = z.custom<Need>(
  value => typeof value === 'string' && value.split('|').every(name => KIND_NAMES.has(name)),
  'must be a kind of events',
);
const source = { sql: text.optional(), run: code.optional() };
const rule = z.strictObject({
  ...source,
  id: text,
  title: text,
  severity: z.enum(SEVERITIES),
  of: z.strictObject({ sql: text, what: text }).optional(),
  belief: z.strictObject({ basis: z.enum(BASES), source: text, versions: text.optional() }).optional(),
  confidence: z.enum(CONFIDENCES),
  needs: z.array(need).optional(),
  refutedBy: z.array(kind).optional(),
  doc: text,
  fires: text.optional(),
  nearMiss: text.optional(),
  mechanism: text.optional(),
  confirm: text.optional(),
  fix: text.optional(),
  limits: text.optional(),
  page: text.optional(),
  policy: z.literal(true).optional(),
  find: code.optional(),
});
const analyzer = z.strictObject({
  ...source,
  id: z.string().regex(PLUGIN_ID, 'must be OWNER/NAME in small letters, such as acme/hot-gfn'),
  needs: z.array(need).optional(),
  options: z.custom<OptionSchema>(isOptionSchema, 'must be a zod object whose keys are names').optional(),
  rules: z.array(rule).min(1),
});
/** What plugins may say of themselves and of their rules; docs/plugins.md has all of it. */
export const PLUGIN_FIELDS = { analyzer: Object.keys(analyzer.shape), rule: Object.keys(rule.shape) };

/**
 * An analyzer that somebody else wrote, once it is sure that it is one.
 * @param from where it comes from, for the message
 * @throws P2mError P2M_PLUGIN (usage)
 */
export function checkPlugin(value: unknown, from: string): Analyzer {
  const { success, error } = analyzer.safeParse(value);
  if (!success) {
    const [{ path, message }] = error.issues;
    throw refusal(from, path.length === 0 ? message : `${path.join('.')}: ${message}`);
  }
  try {
    return defineAnalyzer(value as Analyzer);
  } catch (problem) {
    throw refusal(from, (problem as Error).message);
  }
}

/** Several of them: no two have an id. @throws P2mError P2M_PLUGIN (usage) */
export function checkUnique(plugins: readonly Analyzer[]): void {
  const ids = plugins.flatMap(({ id, rules }) => [id, ...rules.map(one => one.id)]);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw usageError('P2M_PLUGIN', `${twice} is there twice`, 'load one of them only');
}

function refusal(from: string, what: string) {
  return usageError('P2M_PLUGIN', `${from} is no analyzer: ${what}`, 'see docs/plugins.md, and samples/plugins');
}
