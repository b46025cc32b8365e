import { BREACH_SPEC, FACT_SPECS, FactStore, OPPORTUNITY_SPEC } from '@p2mtrace/replayer';
import { isRecorded, type KindName, P2mError, type TraceReader, usageError } from '@p2mtrace/trace-format';
import { foldCustoms } from '../findings/customs.js';
import { divergenceKinds, divergencesSql, NEAR_DIVERGENCES_SQL } from '../findings/divergence-kinds.js';
import type { AnalysisReport, Finding } from '../findings/finding.js';
import { incidentsOf } from '../findings/incidents.js';
import { OPPORTUNITIES_SQL } from '../findings/opportunity-counts.js';
import { worstFirst } from '../findings/row-findings.js';
import { NAMED_BREACHES, NAMED_BREACHES_SQL } from '../rules/breach-sql.js';
import { RULES } from '../rules/built-in-rules.js';
import { decidableRules } from '../rules/decidable.js';
import type { Analyzer } from '../rules/define-analyzer.js';
import { type BoundRule, chooseRules, rulesOf } from '../rules/rule-set.js';
import { eventsSource } from '../sql/events-source.js';
import { factsForSql } from '../sql/fact-sql.js';
import { mentionedFacts } from '../sql/mentioned-facts.js';
import { referencePuts } from '../sql/reference-puts.js';
import { mentions, TraceSession } from '../sql/session.js';
import { addTraceTables, wholeTraceTables } from '../sql/trace-tables.js';
import { freeMemory } from './free-memory.js';
import { RuleRunner } from './rule-runner.js';
import { type ReplayShare, replayShare, SecondReplay } from './second-replay.js';

export interface AnalyzeOptions {
  /** Ids of rules, or of analyzers for all of their rules; if absent or empty, all rules. */
  readonly only?: readonly string[] | undefined;
  /** Analyzers that run in addition to the built-in ones. */
  readonly plugins?: readonly Analyzer[] | undefined;
  /** Numbers to compute in the same replay. */
  readonly measure?: readonly MeasureSpec[] | undefined;
  /** Ids of policy rules to run as well. */
  readonly policies?: readonly string[] | undefined;
  /** Width by which reference counts are judged, instead of that of the trace's layout. */
  readonly counterWidth?: number | undefined;
  /** Threads to replay on, 1 or 2; findings are the same. By default 2 for a long trace, if there are two cores. */
  readonly threads?: 1 | 2 | undefined;
  /** Called with the number of events replayed so far. */
  readonly onProgress?: ((events: number) => void) | undefined;
  /**
   * Gets all facts of the trace, also those that no rule asks for: the replay is on one thread then, and takes longer. Not
   * called for a trace that needs none.
   */
  readonly onFacts?: ((facts: FactStore) => void) | undefined;
}

/** A number that describes a trace. */
export interface MeasureSpec {
  readonly name: string;
  /** Kind of event without which there is no such number; undefined if every trace has it. */
  readonly needs?: KindName | undefined;
  /** Returns one row with one number. */
  readonly sql: string;
}

export interface Analysis extends AnalysisReport {
  /** By name; null if the trace lacks the events. */
  readonly measures: Readonly<Record<string, number | null>>;
}

/**
 * Judges a trace: replays it (twice at once if it is long), then runs each rule over the facts. A rule whose events the
 * trace does not have is listed as not checked, never as clean.
 * @throws P2mError P2M_RULE (usage) for an unknown rule, P2M_PLUGIN (usage) if a plugin fails, P2M_METRIC (usage) if the
 *   query of a number does, P2M_DAMAGED
 */
export async function analyzeTrace(reader: TraceReader, options: AnalyzeOptions = {}): Promise<Analysis> {
  const { only = [], policies = [] } = options;
  const chosen = chooseRules([...RULES, ...rulesOf(options.plugins ?? [])], only, policies);
  const { decided: runnable, undecided } = decidableRules(chosen, reader.metadata);
  const notChecked: AnalysisReport['notChecked'] = undecided.map(({ rule, reason }) => ({ rule: rule.id, reason }));
  const measure = (options.measure ?? []).filter(
    ({ needs }) => needs === undefined || isRecorded(reader.metadata, needs),
  );
  const measures: Record<string, number | null> = Object.fromEntries(
    options.measure?.map(({ name }) => [name, null]) ?? [],
  );
  if (runnable.length === 0 && measure.length === 0) {
    return { findings: [], incidents: [], customs: [], divergences: [], notChecked, measures };
  }
  const rows = [...runnable.map(({ source }) => source.sql), ...measure.map(({ sql }) => sql)];
  const own = runnable.map(({ of }) => of?.sql);
  const queries = [...new Set([...rows, ...own, divergencesSql(true)])].filter(sql => sql !== undefined);
  if (queries.some(sql => mentions(sql, NAMED_BREACHES))) queries.push(NAMED_BREACHES_SQL, OPPORTUNITIES_SQL);
  const keepsAll = options.onFacts !== undefined;
  const rules = keepsAll ? [...BREACHES_OF, ...runnable.map(({ id }) => id)] : rulesToCheck(runnable, measure);
  const wanted = keepsAll ? FACT_SPECS.map(({ name }) => name) : mentionedFacts(queries);
  const all: ReplayShare = { wanted, checks: { counterWidth: options.counterWidth, rules } };
  const second = SecondReplay.start(reader, all, keepsAll ? 1 : options.threads);
  let closeSession = async () => {};
  try {
    const facts = new FactStore(all.wanted);
    replayShare(reader, second?.first ?? all, facts, options.onProgress);
    options.onFacts?.(facts);
    freeMemory();
    const session = await openSession(reader, facts, second);
    const runner = new RuleRunner(reader, session);
    closeSession = async () => {
      await runner.close();
      await session.close();
    };
    const findings: Finding[] = [];
    // What needs breaches runs last: the second replay may not have ended yet.
    const [later, sooner] = partition(runnable, asksForBreaches);
    for (const rule of [...sooner, ...later]) {
      const reason = await runner.blindness(rule);
      if (reason === undefined) findings.push(...(await runner.findings(rule)));
      else notChecked.push({ rule: rule.id, reason });
    }
    for (const { name, sql } of measure) {
      measures[name] = await measured(session, name, sql);
    }
    const known = new Map<string, Awaited<ReturnType<RuleRunner['allOf']>>>();
    for (const finding of findings) {
      const name = mechanismOf(finding);
      if (!known.has(name)) known.set(name, await runner.allOf(finding, runnable));
    }
    const { findings: told, customs } = foldCustoms(findings, finding => known.get(mechanismOf(finding)));
    const divergences = facts.rows('divergences') === 0 ? [] : divergenceKinds(await divergenceRows(runner));
    return { ...incidentsOf(told.sort(worstFirst)), customs, divergences, notChecked, measures };
  } finally {
    await closeSession();
    await second?.stop();
  }
}

/** @throws P2mError P2M_METRIC (usage) */
async function measured(session: TraceSession, name: string, sql: string): Promise<number | null> {
  const remedy = 'correct its query: it returns one row with one number';
  try {
    const { columns, rows } = await session.runAll(sql);
    const [value] = rows[0] ?? [null];
    if (value === null) return null;
    if (columns.length === 1 && rows.length === 1 && Number.isFinite(Number(value))) return Number(value);
  } catch (error) {
    if (!(error instanceof P2mError) || error.code !== 'P2M_SQL') throw error;
    throw usageError('P2M_METRIC', `the metric ${name}: ${error.message}`, remedy);
  }
  throw usageError('P2M_METRIC', `the query of the metric ${name} returns something else than a number`, remedy);
}

const mechanismOf = ({ rule, mechanism }: Finding): string => `${rule} ${mechanism}`;

/** A session over the trace and its facts; waits for the second replay when SQL first mentions breaches. */
async function openSession(reader: TraceReader, facts: FactStore, second: SecondReplay | undefined) {
  const session = await TraceSession.open();
  session.addLazyTables(['events'], () => [eventsSource(reader)]);
  addTraceTables(session, reader, () => facts);
  for (const { names, compute } of [wholeTraceTables(reader), referencePuts(reader)])
    session.addLazyTables(names, compute);
  session.addLazySql(NAMED_BREACHES, NAMED_BREACHES_SQL);
  if (second === undefined) return session;
  for (const spec of [BREACH_SPEC, OPPORTUNITY_SPEC]) {
    session.addLazy([spec.name], async () => {
      await second.giveTo(facts);
      await session.addTable(factsForSql(facts, spec));
    });
  }
  return session;
}

const readsBreaches = (sql: string): boolean => [NAMED_BREACHES, BREACH_SPEC.name].some(table => mentions(sql, table));
const asksForBreaches = ({ source }: BoundRule): boolean => readsBreaches(source.sql ?? '');

async function divergenceRows(runner: RuleRunner) {
  const [{ near }] = await runner.rows(NEAR_DIVERGENCES_SQL);
  return runner.rows(divergencesSql(Number(near) > 0));
}

/** Rules whose breaches SQL sees, where nobody chose others. */
const BREACHES_OF = RULES.filter(({ policy }) => !policy).map(({ id }) => id);

/** Ids of the rules whose checks must run: the chosen ones, or all if other SQL may query any breach. */
function rulesToCheck(rules: readonly BoundRule[], measures: readonly MeasureSpec[]): readonly string[] {
  const ids = rules.map(({ id }) => id);
  const builtIn = new Set(RULES.map(({ id }) => id));
  const asksForAny =
    rules.some(rule => !builtIn.has(rule.id) && asksForBreaches(rule)) ||
    measures.some(({ sql }) => readsBreaches(sql));
  return asksForAny ? [...BREACHES_OF, ...ids] : ids;
}

/** Those that meet the condition, and the rest. */
function partition<T>(all: readonly T[], meets: (one: T) => boolean): [T[], T[]] {
  return [all.filter(meets), all.filter(one => !meets(one))];
}
