import { BREACH_SPEC, BREACH_TABLE } from '@p2mtrace/replayer';
import { P2mError, type TraceReader, usageError } from '@p2mtrace/trace-format';
import type { Finding, Opportunity } from '../findings/finding.js';
import { OPPORTUNITIES_SQL, OpportunityCounts, wordsOf } from '../findings/opportunity-counts.js';
import { findingsOf } from '../findings/row-findings.js';
import { openTraceSession } from '../query/open-session.js';
import { NAMED_BREACHES } from '../rules/breach-sql.js';
import type { RowSource, RuleRow } from '../rules/define-analyzer.js';
import type { OptionValues } from '../rules/option-schema.js';
import { isPluginId } from '../rules/plugin.js';
import { sqlParameters } from '../rules/plugin-options.js';
import type { BoundRule } from '../rules/rule-set.js';
import type { Parameters } from '../sql/query-result.js';
import { mentions, type Rows, type TraceSession } from '../sql/session.js';

/** Runs rules over one trace; a source of rows that several rules share is queried once. */
export class RuleRunner {
  private readonly reader: TraceReader;
  private readonly session: TraceSession;
  /** For rules in code, whose queries are not known in advance; opened when there is one. */
  private anything: Promise<TraceSession> | undefined;
  private counted: Promise<OpportunityCounts> | undefined;
  private breached: Promise<ReadonlySet<unknown>> | undefined;
  private readonly asked = new Map<RowSource, Promise<readonly RuleRow[]>>();

  /** The session has the facts that the rules' SQL names. */
  constructor(reader: TraceReader, session: TraceSession) {
    this.reader = reader;
    this.session = session;
  }

  /** What a rule finds. @throws P2mError P2M_PLUGIN (usage) if a plugin fails, P2M_DAMAGED */
  async findings(rule: BoundRule): Promise<Finding[]> {
    try {
      const rows = (await this.rowsOf(rule)).filter(row => !rule.sharesRows || isOf(row, rule));
      const found = rule.find?.(rows) ?? rows;
      const findings = findingsOf(rule, found, found.length === 0 ? {} : await this.outOf(rule));
      this.checkWitnesses(findings);
      return findings;
    } catch (error) {
      if (!isPluginId(rule.id) || (error instanceof P2mError && error.blame === 'input')) throw error;
      const what = error instanceof Error ? error.message : String(error);
      throw usageError('P2M_PLUGIN', `rule ${rule.id} failed: ${what}`, 'correct the plugin, or leave it out');
    }
  }

  /** Why the rule saw nothing that it could judge; undefined if it did. */
  async blindness({ id, counted }: BoundRule): Promise<string | undefined> {
    if (counted === undefined || (await this.counts()).all(id, counted.mechanism) > 0) return undefined;
    return `no ${counted.what} in this trace`;
  }

  /** Rows of a query over what the session has. */
  async rows(sql: string): Promise<RuleRow[]> {
    return objects(await this.session.runAll(sql));
  }

  async close(): Promise<void> {
    await (await this.anything)?.close();
  }

  /** How often the rule could have fired, for its findings. */
  private async outOf(rule: BoundRule) {
    return isCounted(rule) ? { counts: await this.counts() } : { all: await this.ownCount(rule) };
  }

  /** Opportunities of the finding's mechanism in the whole trace; undefined if they were not counted. */
  async allOf({ rule: id, mechanism }: Finding, rules: readonly BoundRule[]) {
    const rule = rules.find(one => one.id === id);
    if (rule === undefined) return undefined;
    if (mechanism === null) return this.ownCount(rule);
    const what = wordsOf(id, mechanism);
    return what === undefined ? undefined : { times: (await this.counts()).all(id, mechanism), what };
  }

  private counts(): Promise<OpportunityCounts> {
    this.counted ??= this.session.runAll(OPPORTUNITIES_SQL).then(rows => new OpportunityCounts(objects(rows)));
    return this.counted;
  }

  private async ownCount({ of }: BoundRule): Promise<Opportunity | undefined> {
    if (of === undefined) return undefined;
    const { rows } = await this.session.runAll(of.sql);
    const times = Number(rows[0]?.[0] ?? 0);
    return times > 0 ? { times, what: of.what, at: 'trace' } : undefined;
  }

  /** Checks that each witness is an event of the trace. */
  private checkWitnesses(findings: readonly Finding[]): void {
    const { batches, rows } = this.reader;
    const first = batches[0]?.firstSeq ?? 0;
    const seqs = findings.flatMap(({ occurrences }) => occurrences.flatMap(({ witness }) => witness));
    const stray = seqs.find(({ seq }) => seq < first || seq >= first + rows);
    if (stray !== undefined) throw new Error(`at_${stray.role} is ${stray.seq}, and the trace has no such event`);
  }

  private async rowsOf(rule: BoundRule): Promise<readonly RuleRow[]> {
    // Most rules find nothing in most traces: asking each costs more than asking which do.
    if (isCheck(rule) && !(await this.breachedRules()).has(rule.id)) return [];
    const { source, options } = rule;
    const rows = this.asked.get(source) ?? this.ask(source, options);
    this.asked.set(source, rows);
    return rows;
  }

  /** Rules of which the checks of the replay found a breach. */
  private breachedRules(): Promise<ReadonlySet<unknown>> {
    this.breached ??= this.session.runAll(BREACHED_SQL).then(({ rows }) => new Set(rows.map(([rule]) => rule)));
    return this.breached;
  }

  private async ask(source: RowSource, options: OptionValues): Promise<readonly RuleRow[]> {
    const { sql } = source;
    if (sql !== undefined) return objects(await this.session.runAll(sql, sqlParameters(options)));
    const query = async <Row extends RuleRow>(text: string, parameters?: Parameters) => {
      this.anything ??= openTraceSession(this.reader);
      return objects(await (await this.anything).runAll(text, parameters)) as Row[];
    };
    return (await source.run?.({ reader: this.reader, options, query })) ?? [];
  }
}

function objects({ columns, rows }: Rows): RuleRow[] {
  return rows.map(row => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])));
}

/** True if a row shared by several rules names this rule, with or without the analyzer's id. */
const isOf = (row: RuleRow, { id, analyzer }: BoundRule) => row.rule === id || `${analyzer}.${row.rule}` === id;

const BREACHED_SQL = `select distinct breach::varchar from ${BREACH_SPEC.name}`;

/** True if the rule's rows are the breaches that its own check finds. */
const isCheck = (rule: BoundRule): boolean => isCounted(rule) && rule.id in BREACH_TABLE;

/** True if the rule's rows come from checks of the replay, which count opportunities. */
const isCounted = ({ source }: BoundRule): boolean => mentions(source.sql ?? '', NAMED_BREACHES);
