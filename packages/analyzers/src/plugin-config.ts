import { usageError } from '@p2mtrace/trace-format';
import { z } from 'zod';
import type { Analyzer } from './define-analyzer.js';

/** What `p2mtrace.config.ts` exports by default. */
export interface PluginConfig {
  /** Analyzers, or the modules that export them: files beside the configuration, or packages. */
  readonly plugins?: readonly (string | Analyzer)[];
}

/** Declares a configuration. */
export const defineConfig = (config: PluginConfig): PluginConfig => config;

const schema = z.strictObject({ plugins: z.array(z.union([z.string().min(1), z.looseObject({})])).optional() });

/** A configuration, once it is sure that it is one; its analyzers are not checked yet. @throws P2mError P2M_CONFIG (usage) */
export function checkConfig(value: unknown, from: string): PluginConfig {
  const { success, error } = schema.safeParse(value);
  if (success) return value as PluginConfig;
  const [{ path, message }] = error.issues;
  throw usageError(
    'P2M_CONFIG',
    `${from} is no configuration: ${[...path, message].join(': ')}`,
    "it exports by default what it names, such as { plugins: ['./hot-gfn.ts'] }",
  );
}
