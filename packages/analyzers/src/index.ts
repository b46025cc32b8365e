export { type AnalyzeOptions, analyzeTrace } from './analyze.js';
export { RULES } from './built-in-rules.js';
export {
  type Analyzer,
  defineAnalyzer,
  type Evidence,
  type Need,
  type RowSource,
  type Rule,
  type RuleRow,
} from './define-analyzer.js';
export * from './explain/index.js';
export * from './finding.js';
export { findingId } from './finding-id.js';
export { checkPlugin, checkUnique } from './plugin.js';
export { checkConfig, defineConfig, type PluginConfig } from './plugin-config.js';
export { ANALYZERS } from './registry.js';
export { type BoundRule, ruleOf, rulesOf } from './rule-set.js';
export { QueryResult, type ResultColumn, type SqlValue } from './sql/query-result.js';
export { type Rows, TraceSession } from './sql/session.js';
export type { SqlOptions } from './sql/sql-connection.js';
export { openTraceSession } from './trace-tables.js';
