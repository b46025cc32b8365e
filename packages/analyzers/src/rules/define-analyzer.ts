import type { KindName, TraceReader } from '@p2mtrace/trace-format';
import type { Parameters, SqlValue } from '../sql/query-result.js';
import type { Confidence, Severity } from './levels.js';
import type { OptionSchema, OptionValues } from './option-schema.js';

/** A row that a rule found, by column name. */
export type RuleRow = Readonly<Record<string, SqlValue>>;

/** A kind of events; or two that do for each other. */
export type Need = KindName | `${KindName}|${KindName}`;

/** What code that looks for defects can ask. */
export interface Evidence<Options extends OptionValues = OptionValues> {
  readonly reader: TraceReader;
  /** The analyzer's options: what they were set to, or what they are by default. */
  readonly options: Options;
  /**
   * Rows of a query over events and facts; `parameters` stand for `$name` in it. `Row` is the caller's word for what
   * the columns are: nothing checks it.
   * @throws P2mError P2M_SQL (usage)
   */
  query<Row extends RuleRow = RuleRow>(sql: string, parameters?: Parameters): Promise<Row[]>;
}

/** Where rows come from: a query over events and facts, in which `$name` is an option of the analyzer, or code. */
export interface RowSource<Options extends OptionValues = OptionValues> {
  readonly sql?: string;
  // A method, so that an analyzer with options of its own still is an Analyzer.
  run?(evidence: Evidence<Options>): readonly RuleRow[] | Promise<readonly RuleRow[]>;
}

/** What a rule's belief rests on: Xen checks it itself; somebody wrote it down; all code did so where we looked. */
export const BASES = ['asserted', 'documented', 'customary'] as const;
export type Basis = (typeof BASES)[number];

/** Why a rule may call defect what it finds. */
export interface Belief {
  readonly basis: Basis;
  /** The function of Xen or Linux, the advisory or the page that says so. */
  readonly source: string;
  /** Of which it holds, where that is known to be not all. */
  readonly versions?: string;
}

/**
 * One rule. Its rows become occurrences by the names of their columns: `subject_X` tells what it is about,
 * `at_ROLE` the seq of a witness, `sig_X` a part of the signature; `confidence` how sure it is, `severity` how bad and
 * `title` what it is, where that differs from row to row.
 */
export interface Rule<Options extends OptionValues = OptionValues> extends RowSource<Options> {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** What it rests on; a plugin's that does not say is a custom. */
  readonly belief?: Belief;
  /** The best confidence that it can reach. */
  readonly confidence: Confidence;
  /**
   * How often it could have fired, where its rows do not say so themselves (columns `mechanism` and `caller` of
   * `breaches`): a query with one number, and what that counts.
   */
  readonly of?: { readonly sql: string; readonly what: string };
  /** It stands for a policy that Xen need not follow: it runs only when it is named. */
  readonly policy?: true;
  /** Kinds without which it can't be decided, besides those of its analyzer. */
  readonly needs?: readonly Need[];
  /**
   * Kinds whose events would show that what looks like a defect is none, besides those that it needs: a release, a put, an
   * allocation. A trace with many events that it needs and none of these did not record them, and can't decide it.
   */
  readonly refutedBy?: readonly KindName[];
  /**
   * What the replay must have counted for it at least once, where kinds alone don't tell whether it can be decided: a
   * mechanism of BREACH_TABLE, and what to say that the trace lacks.
   */
  readonly counted?: { readonly mechanism: string; readonly what: string };
  /** What it means, in a sentence, with the source of the rule: a Xen function, or `docs/xen.md#anchor`. */
  readonly doc: string;
  /** The shape in which it fires. */
  readonly fires?: string;
  /** The same shape done right, where it must not fire. */
  readonly nearMiss?: string;
  /** How it comes about in Xen or Linux, with the function and file, and advisories that show it. */
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
  /** Where all of this can be read; docs/rules.md has the built-in ones. */
  readonly page?: string;
  /** Code that finds the rows among those of `sql` (where a graph algorithm is needed). */
  readonly find?: (rows: readonly RuleRow[]) => RuleRow[];
}

/**
 * Rules that belong together. Where the analyzer itself has `sql` or `run`, the rows of it say in their column `rule`
 * which of its rules they are of; rules with a source of their own take no part in that.
 */
export interface Analyzer<Options extends OptionValues = OptionValues> extends RowSource<Options> {
  readonly id: string;
  /** What it can be told, as a zod object: a plugin's only. */
  readonly options?: OptionSchema<Options>;
  /** What they were set to, once `configurePlugins` has seen to it; a plugin does not say it. */
  readonly optionValues?: Options;
  /** Kinds that all its rules need. */
  readonly needs?: readonly Need[];
  readonly rules: readonly Rule<Options>[];
}

/** Declares an analyzer; ids of rules begin with the analyzer's own. */
export function defineAnalyzer<Options extends OptionValues>(analyzer: Analyzer<Options>): Analyzer<Options> {
  for (const rule of analyzer.rules) {
    if (!rule.id.startsWith(`${analyzer.id}.`)) throw new Error(`rule ${rule.id} is not one of ${analyzer.id}`);
    const source = hasRows(rule) ? rule : analyzer;
    if ((source.sql === undefined) === (source.run === undefined)) {
      throw new Error(`rule ${rule.id} needs either sql or run, its own or that of ${analyzer.id}`);
    }
  }
  return analyzer;
}

/** It is a source of rows itself. */
export const hasRows = ({ sql, run }: RowSource): boolean => sql !== undefined || run !== undefined;
