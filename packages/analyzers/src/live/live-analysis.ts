import {
  BREACH_RULES,
  BREACH_SPEC,
  BREACH_TABLE,
  type CheckOptions,
  DIVERGENCE_SPEC,
  DIVERGES,
  DOMAINS,
  type FactSelection,
  FactStore,
  type LiveReplay,
  LOCK_CYCLES,
} from '@p2mtrace/replayer';
import { foldCustoms } from '../findings/customs.js';
import { divergenceKinds, divergencesSql, NEAR_DIVERGENCES_SQL } from '../findings/divergence-kinds.js';
import type { AnalysisReport, Finding } from '../findings/finding.js';
import { incidentsOf } from '../findings/incidents.js';
import { OpportunityCounts } from '../findings/opportunity-counts.js';
import { findingGroups, type OutOf, worstFirst } from '../findings/row-findings.js';
import { NAMED_BREACHES, NAMED_BREACHES_SQL } from '../rules/breach-sql.js';
import { RULES } from '../rules/built-in-rules.js';
import { decidableRules } from '../rules/decidable.js';
import type { RuleRow } from '../rules/define-analyzer.js';
import { type BoundRule, chooseRules } from '../rules/rule-set.js';
import { eventsSource } from '../sql/events-source.js';
import { mentionedFacts } from '../sql/mentioned-facts.js';
import { referencePuts } from '../sql/reference-puts.js';
import { mentions, type Rows, TraceSession } from '../sql/session.js';
import { addTraceTables } from '../sql/trace-tables.js';
import { LaterBreaches } from './later-breaches.js';
import { allOf, LiveFindings } from './live-findings.js';

export interface LiveAnalysisOptions {
  /** As for analyzeTrace. */
  readonly only?: readonly string[] | undefined;
  readonly policies?: readonly string[] | undefined;
  readonly counterWidth?: number | undefined;
}

/** Divergences that wait to be summed up. */
const MOST_DIVERGENCES = 4096;

/**
 * Judges a stream while it is replayed. A rule over breaches or divergences is asked whenever its checks have found
 * some, with the facts found since the last time alone; a rule over the whole recording (circles of locks) at the end.
 */
export class LiveAnalysis {
  /** What the replay is to yield, and to check. */
  readonly wanted: FactSelection;
  readonly checks: CheckOptions;
  private readonly rules: readonly BoundRule[];
  private readonly findings = new LiveFindings();
  private readonly later: LaterBreaches;
  private counts = new OpportunityCounts([]);
  /** What the rules that are asked at the end alone count. */
  private edges = 0;
  /** Sums of what `divergencesSql` yields, by what differs. */
  private readonly divergences = new Map<string, RuleRow>();
  /** Opened ahead, so that no finding waits for it. */
  private spare: Promise<TraceSession> | undefined;

  /** @throws P2mError P2M_RULE (usage) for an unknown rule */
  constructor({ only = [], policies = [], counterWidth }: LiveAnalysisOptions = {}) {
    this.rules = chooseRules(RULES, only, policies);
    const queries = this.rules.flatMap(({ source, of }) => [source.sql ?? '', of?.sql ?? '']);
    this.wanted = mentionedFacts([...queries, divergencesSql(true), NAMED_BREACHES_SQL]);
    const awaiting = this.rules.filter(({ source }) => mentions(source.sql ?? '', DOMAINS.name));
    this.later = new LaterBreaches(awaiting.map(({ id }) => id));
    this.checks = { counterWidth, rules: this.rules.map(({ id }) => id) };
  }

  /** Asks about nothing: what is slow the first time (DuckDB is loaded, and plans) no finding has to wait for. */
  async prepare(replay: LiveReplay): Promise<void> {
    const rules = this.rules.filter(({ source: { sql = '' } }) => mentions(sql, NAMED_BREACHES));
    await this.query(replay, new FactStore(this.wanted), rules.slice(0, 1), false);
  }

  /** Gives back what was made ready. */
  async close(): Promise<void> {
    const { spare } = this;
    this.spare = undefined;
    await (await spare?.catch(() => undefined))?.close();
  }

  /** The replay began anew. */
  restart(isFromStart: boolean): void {
    if (!isFromStart) return;
    this.findings.restart();
    this.later.clear();
    this.divergences.clear();
  }

  /** Findings that are new since the last time. */
  async judge(replay: LiveReplay): Promise<Finding[]> {
    replay.flush();
    const { store } = replay;
    const isNew = store.rows(BREACH_SPEC.name) > 0 || hasJudged(store);
    if (!isNew && !this.later.areProven(replay)) return [];
    await this.ask(replay, false);
    return this.findings.takeNew(this.decided(replay), finding => this.outOf(finding, replay));
  }

  /** Ends the replay, and judges what only the end shows. `findings`: those that were not told before. */
  async finish(replay: LiveReplay): Promise<{ readonly findings: Finding[]; readonly report: AnalysisReport }> {
    replay.finish();
    await this.ask(replay, true);
    const outOf = (finding: Finding) => this.outOf(finding, replay);
    const { decided, undecided } = decidableRules(this.rules, replay.metadata);
    const notChecked = undecided.map(({ rule, reason }) => ({ rule: rule.id, reason }));
    const judged = new Set<string>();
    for (const { id, counted, source } of decided) {
      if (mentions(source.sql ?? '', LOCK_CYCLES.name) && replay.hasSuspects) {
        notChecked.push({ rule: id, reason: 'locks were taken in a circle; analyze the kept pieces' });
      } else if (counted === undefined || this.counts.all(id, counted.mechanism) > 0) judged.add(id);
      else notChecked.push({ rule: id, reason: `no ${counted.what} in this trace` });
    }
    const all = this.findings.all(judged, outOf);
    const { findings: told, customs } = foldCustoms(all, one => allOf(one, this.counts, outOf(one).all));
    const kinds = divergenceKinds([...this.divergences.values()]);
    const divergences = kinds.sort((a, b) => b.count - a.count || (a.about < b.about ? -1 : 1));
    return {
      findings: this.findings.takeNew(judged, outOf),
      report: { ...incidentsOf(told.sort(worstFirst)), customs, divergences, notChecked },
    };
  }

  /** Ids of the rules that can be decided by what was recorded so far. */
  private decided(replay: LiveReplay): ReadonlySet<string> {
    return new Set(decidableRules(this.rules, replay.metadata).decided.map(({ id }) => id));
  }

  private async ask(replay: LiveReplay, isEnd: boolean): Promise<void> {
    const facts = this.takeFacts(replay, isEnd);
    this.counts = new OpportunityCounts(replay.opportunities().map(row => ({ ...row })));
    const breached = breachedRules(facts);
    const asked = this.rules.filter(({ id, source: { sql = '' } }) => {
      if (mentions(sql, NAMED_BREACHES)) return id in BREACH_TABLE && breached.has(id);
      return mentions(sql, DIVERGENCE_SPEC.name) ? facts.rows(DIVERGENCE_SPEC.name) > 0 : isEnd;
    });
    if (asked.length > 0 || facts.rows(DIVERGENCE_SPEC.name) > 0) await this.query(replay, facts, asked, isEnd);
  }

  private async query(
    replay: LiveReplay,
    facts: FactStore,
    asked: readonly BoundRule[],
    isEnd: boolean,
  ): Promise<void> {
    const session = await (this.spare ?? openSession());
    this.spare = isEnd ? undefined : openSession();
    // Whoever takes it is told.
    this.spare?.catch(() => undefined);
    try {
      session.addLazyTables(['events'], () => [eventsSource(replay.rows)]);
      addTraceTables(session, replay.rows, () => facts);
      const { names, compute } = referencePuts();
      session.addLazyTables(names, compute);
      session.addLazySql(NAMED_BREACHES, NAMED_BREACHES_SQL);
      for (const rule of asked) {
        const rows = objects(await session.runAll(rule.source.sql ?? ''));
        this.findings.add(findingGroups(rule, since(replay.begin, rule.find?.(rows) ?? rows)));
        if (rule.of !== undefined && mentions(rule.of.sql, 'lock_edges'))
          this.edges = Number((await session.runAll(rule.of.sql)).rows[0]?.[0] ?? 0);
      }
      if (facts.rows(DIVERGENCE_SPEC.name) > 0) await this.addDivergences(session);
    } finally {
      // What was found is told before.
      if (isEnd) await session.close();
      else setImmediate(() => session.close());
    }
  }

  private outOf({ rule: id, mechanism }: Finding, { rows }: LiveReplay): OutOf {
    const of = mechanism === null ? this.rules.find(rule => rule.id === id)?.of : undefined;
    if (of === undefined) return { counts: this.counts };
    const isOf = (column: string) => mentions(of.sql, column);
    const column = (['count_info', 'type_info'] as const).find(isOf);
    const times = column === undefined ? this.edges : rows.recordedValues(column);
    return times > 0 ? { all: { times, what: of.what, at: 'trace' } } : {};
  }

  /** What is to be judged now: all of the new facts but what a later event has to prove. */
  private takeFacts(replay: LiveReplay, isEnd: boolean): FactStore {
    const facts = new FactStore(this.wanted);
    for (const chunk of replay.store.takeAll()) {
      if (chunk.table === BREACH_SPEC.name) this.later.split(chunk, facts);
      else facts.take(chunk);
    }
    if (!this.later.areProven(replay) && !isEnd) return facts;
    this.later.give(replay, isEnd, facts);
    if (isEnd) return facts;
    replay.tellDomains();
    for (const chunk of replay.store.takeAll()) facts.take(chunk);
    return facts;
  }

  private async addDivergences(session: TraceSession): Promise<void> {
    const [{ near }] = objects(await session.runAll(NEAR_DIVERGENCES_SQL));
    for (const { about, ...numbers } of objects(await session.runAll(divergencesSql(Number(near) > 0)))) {
      const name = String(about);
      const before = this.divergences.get(name) ?? {};
      const sums = Object.entries(numbers).map(([key, value]) => [key, Number(before[key] ?? 0) + Number(value)]);
      this.divergences.set(name, { ...Object.fromEntries(sums), about: name });
    }
  }
}

const openSession = (): Promise<TraceSession> => TraceSession.open({ threads: 1 });

/** Divergences that a rule is about; or so many that they are summed up. */
function hasJudged(store: FactStore): boolean {
  const rows = store.rows(DIVERGENCE_SPEC.name);
  if (rows === 0) return false;
  return rows > MOST_DIVERGENCES || store.chunks(DIVERGENCE_SPEC).some(({ columns }) => columns.about.some(isJudged));
}

const isJudged = (about: number): boolean => about === DIVERGES.count_info || about === DIVERGES.type_info;

function breachedRules(facts: FactStore): ReadonlySet<string> {
  const rules = new Set<string>();
  for (const { rows, columns } of facts.chunks(BREACH_SPEC)) {
    for (let row = 0; row < rows; row++) rules.add(BREACH_RULES[columns.breach[row]]);
  }
  return rules;
}

/** Rows whose witnesses before `begin` are left out: those are of the state with which a replay began. */
function since(begin: number, rows: readonly RuleRow[]): readonly RuleRow[] {
  if (begin === 0) return rows;
  return rows.map(row =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        const isBefore = name.startsWith('at_') && value !== null && Number(value) < begin;
        return [name, isBefore ? null : value];
      }),
    ),
  );
}

function objects({ columns, rows }: Rows): RuleRow[] {
  return rows.map(row => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])));
}
