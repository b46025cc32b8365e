export { type Analysis, type AnalyzeOptions, analyzeTrace, type MeasureSpec } from './analyze/analyze.js';
export {
  confirmQuery,
  type FoundOccurrence,
  findFinding,
  type Scene,
  type Story,
  type StoryStep,
  storyOf,
  subjectsOf,
  writersOf,
} from './explain/index.js';
export {
  type AnalysisReport,
  type Custom,
  customSchema,
  type DivergenceKind,
  divergenceSchema,
  type Finding,
  findingSchema,
  type Incident,
  incidentSchema,
  type Occurrence,
  type Opportunity,
  occurrenceSchema,
  reportSchema,
} from './findings/finding.js';
export { findingId } from './findings/finding-id.js';
export { faultRules, generateTrace, type Planted, SCENARIOS, type WorkloadOptions } from './generate/index.js';
export { FactCache, factCachePath } from './query/fact-cache.js';
export { openTraceSession, type TraceSessionOptions, traceNames } from './query/open-session.js';
export { readModules, type SqlDefinition, type SqlModule, standardLibrary } from './query/sql-modules.js';
export { RULES } from './rules/built-in-rules.js';
export { decidableRules, type Undecided } from './rules/decidable.js';
export {
  type Analyzer,
  BASES,
  type Basis,
  type Belief,
  defineAnalyzer,
  type Evidence,
  type Need,
  type RowSource,
  type Rule,
  type RuleRow,
} from './rules/define-analyzer.js';
export { CONFIDENCES, type Confidence, SEVERITIES, type Severity } from './rules/levels.js';
export type { OptionSchema, OptionValues } from './rules/option-schema.js';
export { checkPlugin, checkUnique, PLUGIN_FIELDS } from './rules/plugin.js';
export { type AuditConfig, checkConfig, defineConfig, type PluginConfig } from './rules/plugin-config.js';
export {
  configurePlugins,
  type OptionSetting,
  optionsOf,
} from './rules/plugin-options.js';
export { z } from './rules/plugin-zod.js';
export { ANALYZERS } from './rules/registry.js';
export { type BoundRule, chooseRules, ruleOf, rulesOf } from './rules/rule-set.js';
export { type Slice, sliceTrace } from './slice/slice-trace.js';
export type { TrialOptions } from './slice/trials.js';
export type { ColumnSource } from './sql/column-source.js';
export type { Parameters as SqlParameters } from './sql/query-result.js';
export { QueryResult, type ResultColumn, type SqlValue } from './sql/query-result.js';
export { type Rows, TraceSession } from './sql/session.js';
export type { SqlOptions } from './sql/sql-connection.js';
export { splitStatements } from './sql/sql-text.js';
export { TRACE_TABLES } from './sql/trace-tables.js';
