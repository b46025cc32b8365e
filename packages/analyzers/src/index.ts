/** Judges a trace. */
export { type Analysis, type AnalyzeOptions, analyzeTrace, type MeasureSpec } from './analyze/analyze.js';
/** Tells how a finding came about, event by event. */
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
/** What an analysis yields: findings, incidents, customs, divergences, and their schemas. */
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
/** The id of a signature. */
export { findingId } from './findings/finding-id.js';
/** Makes traces of workloads, right or wrong as asked. */
export { faultRules, generateTrace, type Planted, SCENARIOS, type WorkloadOptions } from './generate/index.js';
/** Judges a stream while it is replayed. */
export { LiveAnalysis, type LiveAnalysisOptions } from './live/index.js';
/** Facts of a trace kept in a file beside it. */
export { FactCache, factCachePath } from './query/fact-cache.js';
/** Opens traces for SQL. */
export { openTraceSession, type TraceSessionOptions, traceNames } from './query/open-session.js';
/** Views and macros: the built-in ones, and those of a folder. */
export { readModules, type SqlDefinition, type SqlModule, standardLibrary } from './query/sql-modules.js';
/** The built-in rules. */
export { RULES } from './rules/built-in-rules.js';
/** Which rules a trace can decide, and why not the others. */
export { decidableRules, type Undecided } from './rules/decidable.js';
/** What a rule and an analyzer are; for plugins too. */
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
/** How bad a finding is, and how sure. */
export { CONFIDENCES, type Confidence, SEVERITIES, type Severity } from './rules/levels.js';
/** Options of a plugin. */
export type { OptionSchema, OptionValues } from './rules/option-schema.js';
/** Checks what a plugin exports. */
export { checkPlugin, checkUnique, PLUGIN_FIELDS } from './rules/plugin.js';
/** The configuration file. */
export { type AuditConfig, checkConfig, defineConfig, type PluginConfig } from './rules/plugin-config.js';
/** Sets the options of plugins. */
export {
  configurePlugins,
  type OptionSetting,
  optionsOf,
} from './rules/plugin-options.js';
/** The zod that options are declared with. */
export { z } from './rules/plugin-zod.js';
/** The built-in analyzers. */
export { ANALYZERS } from './rules/registry.js';
/** Rules with their analyzers, and a choice of them. */
export { type BoundRule, chooseRules, ruleOf, rulesOf } from './rules/rule-set.js';
/** Cuts out the events that a finding needs. */
export { type Slice, sliceTrace } from './slice/slice-trace.js';
/** What a slice may cost. */
export type { TrialOptions } from './slice/trials.js';
/** Where the columns of a table come from. */
export type { ColumnSource } from './sql/column-source.js';
/** Rows and values of a query. */
export type { Parameters as SqlParameters } from './sql/query-result.js';
/** Rows and values of a query. */
export { QueryResult, type ResultColumn, type SqlValue } from './sql/query-result.js';
/** DuckDB over the tables of a trace. */
export { type Rows, TraceSession } from './sql/session.js';
/** Limits of a query, and how texts and names are written in one. */
export { quotedName, type SqlOptions, textLiteral } from './sql/sql-connection.js';
/** Splits a text into statements. */
export { splitStatements } from './sql/sql-text.js';
/** The tables that each trace has. */
export { TRACE_TABLES } from './sql/trace-tables.js';
