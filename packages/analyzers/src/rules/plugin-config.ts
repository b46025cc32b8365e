import { KINDS, usageError } from '@p2mtrace/trace-format';
import * as z from 'zod';
import type { Analyzer } from './define-analyzer.js';
import type { OptionValues } from './option-schema.js';

/** What `p2mtrace.config.ts` exports by default. */
export interface PluginConfig {
  /** Analyzers, or the modules that export them: files beside the configuration, or packages. */
  readonly plugins?: readonly (string | Analyzer)[];
  /** Options of plugins, by the id of their analyzer: `{ 'acme/hot-gfn': { writes: 50 } }`. */
  readonly pluginOptions?: Readonly<Record<string, OptionValues>>;
  /** What `p2mtrace audit` does, as its options say it. */
  readonly audit?: AuditConfig;
}

/** A number of each trace, from a query of one's own. */
const metricSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]*$/, 'a name has letters, digits and _, as longest_hold'),
  unit: z.string().min(1),
  /** Which direction is better. */
  better: z.enum(['less', 'more', 'neither']),
  /** The last value that is not too much (or too little, where more is better): beyond it, the exit code is 1. */
  limit: z.number().optional(),
  /** Kind of event without which there is no such number. */
  needs: z.enum(KINDS.map(({ name }) => name)).optional(),
  /** Returns one row with one number, from the tables of docs/facts.md. */
  sql: z.string().min(1),
});

const auditSchema = z.strictObject({
  paths: z.array(z.string()).optional(),
  state: z.string().optional(),
  workers: z.int().positive().optional(),
  reporter: z.array(z.string()).optional(),
  baseline: z.string().optional(),
  suppressions: z.string().optional(),
  failOn: z.enum(['error', 'warning', 'none']).optional(),
  history: z.union([z.string(), z.literal(false)]).optional(),
  /** Least number of traces that can be judged. */
  expect: z.int().positive().optional(),
  /** Milliseconds: the newest trace must not be older. */
  maxAge: z.number().positive().optional(),
  /** Exit code 3 if anything of the recordings was lost, is unknown or was guessed. */
  strict: z.boolean().optional(),
  /** Folder of the dataset to which traces are added, and the host that recorded them. */
  dataset: z.string().optional(),
  host: z.string().optional(),
  measures: z.array(metricSchema).optional(),
  only: z.array(z.string()).optional(),
  xenVersion: z.string().optional(),
  layout: z.string().optional(),
  symbols: z.string().optional(),
  cpuHz: z.number().positive().optional(),
});
export type AuditConfig = z.infer<typeof auditSchema>;

/** Declares a configuration. */
export const defineConfig = (config: PluginConfig): PluginConfig => config;

const schema = z.strictObject({
  plugins: z.array(z.union([z.string().min(1), z.looseObject({})])).optional(),
  pluginOptions: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  audit: auditSchema.optional(),
});

/** A configuration, once it is sure that it is one; its analyzers are not checked yet. @throws P2mError P2M_CONFIG (usage) */
export function checkConfig(value: unknown, from: string): PluginConfig {
  const { success, error } = schema.safeParse(value);
  if (success) return value as PluginConfig;
  const [{ path, message }] = error.issues;
  throw usageError(
    'P2M_CONFIG',
    `${from} is not a valid configuration: ${[...path, message].join(': ')}`,
    "its default export is the configuration, such as { plugins: ['./hot-gfn.ts'] }",
  );
}
