import type { KindName } from '@p2mtrace/trace-format';
import type { Confidence, Severity } from './finding.js';
import type { SqlValue } from './sql/query-result.js';

/** A row that a rule found, by column name. */
export type RuleRow = Readonly<Record<string, SqlValue>>;

/**
 * One rule. Its rows become occurrences by the names of their columns: `subject_X` tells what it is about,
 * `at_ROLE` the seq of a witness, `sig_X` a part of the signature, `confidence` how sure it is and `severity` how bad,
 * where that differs from row to row.
 */
export interface Rule {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** The best confidence that it can reach. */
  readonly confidence: Confidence;
  /** Kinds without which it can't be decided; several in one text, separated by `|`, do for each other. */
  readonly needs: readonly (KindName | `${KindName}|${KindName}`)[];
  /** What it means, in a sentence, with the source of the rule. */
  readonly doc: string;
  /** How it comes about in Xen or Linux, with the function and file (X§n), and advisories that show it. */
  readonly mechanism?: string;
  /**
   * A query that shows what one occurrence rests on, apart from the rule's own. `$X` stands for the subject X or for
   * the seq of the witness X: `select * from page_spans where mfn = $mfn`.
   */
  readonly confirm?: string;
  /** How it is usually fixed. */
  readonly fix?: string;
  /** What it can get wrong: when it fires on sound code, and what it cannot see. */
  readonly limits?: string;
  /** A query over the fact tables… */
  readonly sql: string;
  /** …whose rows are the findings, or from which code finds them (where a graph algorithm is needed). */
  readonly find?: (rows: readonly RuleRow[]) => RuleRow[];
}

export interface Analyzer {
  readonly id: string;
  readonly rules: readonly Rule[];
}

/** Declares an analyzer; ids of rules begin with the analyzer's own. */
export function defineAnalyzer(analyzer: Analyzer): Analyzer {
  for (const rule of analyzer.rules) {
    if (!rule.id.startsWith(`${analyzer.id}.`)) throw new Error(`rule ${rule.id} is not one of ${analyzer.id}`);
  }
  return analyzer;
}
