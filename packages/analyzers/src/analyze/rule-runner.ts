import { P2mError, type TraceReader, usageError } from '@p2mtrace/trace-format';
import type { Finding } from '../findings/finding.js';
import { findingsOf } from '../findings/row-findings.js';
import { openTraceSession } from '../query/open-session.js';
import type { RowSource, RuleRow } from '../rules/define-analyzer.js';
import type { OptionValues } from '../rules/option-schema.js';
import { isPluginId } from '../rules/plugin.js';
import { sqlParameters } from '../rules/plugin-options.js';
import type { BoundRule } from '../rules/rule-set.js';
import type { Parameters } from '../sql/query-result.js';
import type { Rows, TraceSession } from '../sql/session.js';

/** Runs rules over one trace; a source of rows that several share is asked once. */
export class RuleRunner {
  private readonly reader: TraceReader;
  private readonly session: TraceSession;
  /** For code, whose queries nobody knows before; opened when there is one. */
  private anything: Promise<TraceSession> | undefined;
  private readonly asked = new Map<RowSource, Promise<readonly RuleRow[]>>();

  /** The session has the facts that the rules' SQL names. */
  constructor(reader: TraceReader, session: TraceSession) {
    this.reader = reader;
    this.session = session;
  }

  /** What a rule finds. @throws P2mError P2M_PLUGIN (usage) where a plugin fails, P2M_DAMAGED */
  async findings(rule: BoundRule): Promise<Finding[]> {
    try {
      const rows = (await this.rowsOf(rule)).filter(row => !rule.sharesRows || isOf(row, rule));
      const findings = findingsOf(rule, rule.find?.(rows) ?? rows);
      this.checkWitnesses(findings);
      return findings;
    } catch (error) {
      if (!isPluginId(rule.id) || (error instanceof P2mError && error.blame === 'input')) throw error;
      const what = error instanceof Error ? error.message : String(error);
      throw usageError('P2M_PLUGIN', `rule ${rule.id} failed: ${what}`, 'correct the plugin, or leave it out');
    }
  }

  async close(): Promise<void> {
    await (await this.anything)?.close();
  }

  /** A witness is an event of the trace. */
  private checkWitnesses(findings: readonly Finding[]): void {
    const { batches, rows } = this.reader;
    const first = batches[0]?.firstSeq ?? 0;
    const seqs = findings.flatMap(({ occurrences }) => occurrences.flatMap(({ witness }) => witness));
    const stray = seqs.find(({ seq }) => seq < first || seq >= first + rows);
    if (stray !== undefined) throw new Error(`at_${stray.role} is ${stray.seq}, and the trace has no such event`);
  }

  private rowsOf({ source, options }: BoundRule): Promise<readonly RuleRow[]> {
    const rows = this.asked.get(source) ?? this.ask(source, options);
    this.asked.set(source, rows);
    return rows;
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

/** Rows that several rules share name theirs, with the analyzer's id or without. */
const isOf = (row: RuleRow, { id, analyzer }: BoundRule) => row.rule === id || `${analyzer}.${row.rule}` === id;
