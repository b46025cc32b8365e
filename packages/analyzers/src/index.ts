export { type Analysis, type AnalyzeOptions, analyzeTrace, type MeasureSpec } from './analyze.js';
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
export * from './generate/index.js';
export { checkPlugin, checkUnique } from './plugin.js';
export { type AuditConfig, checkConfig, defineConfig, type PluginConfig } from './plugin-config.js';
export { FactCache, factCachePath } from './query/fact-cache.js';
export { openTraceSession, type TraceSessionOptions, traceNames } from './query/open-session.js';
export { readModules, type SqlDefinition, type SqlModule, standardLibrary } from './query/sql-modules.js';
export { ANALYZERS } from './registry.js';
export { type BoundRule, chooseRules, ruleOf, rulesOf } from './rule-set.js';
export { type Slice, sliceTrace } from './slice/slice-trace.js';
export type { TrialOptions } from './slice/trials.js';
export type { ColumnSource } from './sql/column-source.js';
export type { Parameters as SqlParameters } from './sql/query-result.js';
export { QueryResult, type ResultColumn, type SqlValue } from './sql/query-result.js';
export { type Rows, TraceSession } from './sql/session.js';
export type { SqlOptions } from './sql/sql-connection.js';
export { splitStatements } from './sql/sql-text.js';
export { TRACE_TABLES } from './trace-tables.js';
