import {
  COLUMN_NAMES,
  COLUMNS,
  type ColumnName,
  type ColumnSpec,
  FLAG,
  FLAG_NAMES,
  type FlagName,
  isAddressDictionary,
  P2mError,
  suggestion,
  type TraceReader,
} from '@p2mtrace/trace-format';
import { allOf, anyOf, noneOf } from './combine-filters.js';
import { columnHas, columnIs, columnIsNull, type Relation } from './compare-column.js';
import type { EventFilter } from './event-filter.js';
import { expressionError, type Token, tokensOf } from './expression-tokens.js';
import { parseSubject } from './subject.js';
import { touching } from './touching.js';

/** `not` of each relation. */
const OPPOSITE: Readonly<Record<string, Relation>> = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
};
const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  u64: [0n, 2n ** 64n - 1n],
  u32: [0n, 2n ** 32n - 1n],
  i32: [-(2n ** 31n), 2n ** 31n - 1n],
  u16: [0n, 2n ** 16n - 1n],
  u8: [0n, 2n ** 8n - 1n],
};
/** Most nested parentheses. */
const MAX_DEPTH = 100;
/** Most names that an error lists. */
const MAX_LISTED = 60;

/**
 * Parses a condition on events: comparisons of columns (named as in `events`) with numbers and names, `flags has NAME`,
 * `touches gfn|mfn|lock|domain X`, joined by `and`, `or`, `not` and parentheses:
 *
 *     kind == set_entry and gfn == 1:0x1234 and p2m_type != ram_rw
 *
 * As in SQL, a comparison with a column that an event does not have is neither true nor false; `mfn == null` asks for
 * such events.
 * @throws P2mError P2M_EXPRESSION (usage) with the column of the text
 */
export function parseExpression(expression: string, names: TraceReader['names']): EventFilter {
  return new ExpressionParser(expression, names).whole();
}

/** Recursive descent. `not` is pushed down to the comparisons, so that absent values behave as in SQL. */
class ExpressionParser {
  private readonly expression: string;
  private readonly names: TraceReader['names'];
  private readonly tokens: readonly Token[];
  private next = 0;
  private depth = 0;

  constructor(expression: string, names: TraceReader['names']) {
    this.expression = expression;
    this.names = names;
    this.tokens = tokensOf(expression);
  }

  whole(): EventFilter {
    const filter = this.either(false);
    const left = this.tokens[this.next];
    if (left.is !== 'end') throw this.error(left, `${left.text} is not expected`, 'join conditions with and, or');
    return filter;
  }

  private either(negated: boolean): EventFilter {
    const parts = [this.both(negated)];
    while (this.takes('or')) parts.push(this.both(negated));
    return negated ? allOf(parts) : anyOf(parts);
  }

  private both(negated: boolean): EventFilter {
    const parts = [this.single(negated)];
    while (this.takes('and')) parts.push(this.single(negated));
    return negated ? anyOf(parts) : allOf(parts);
  }

  private single(negated: boolean): EventFilter {
    let isNegated = negated;
    while (this.takes('not')) isNegated = !isNegated;
    const token = this.take();
    if (token.is === 'sign' && token.text === '(') {
      if (++this.depth > MAX_DEPTH) throw this.error(token, 'there are too many parentheses');
      const inside = this.either(isNegated);
      const end = this.take();
      if (end.is !== 'sign' || end.text !== ')') throw this.error(end, `a ) is missing`);
      this.depth--;
      return inside;
    }
    if (token.is !== 'word') throw this.error(token, `a condition is missing`, 'such as kind == set_entry');
    return token.text === 'touches' ? this.touches(isNegated) : this.comparison(token, isNegated);
  }

  private touches(negated: boolean): EventFilter {
    const [about, which] = [this.take(), this.take()];
    try {
      const filter = touching(this.names, parseSubject(about.text, which.text));
      return negated ? noneOf(filter) : filter;
    } catch (error) {
      if (!(error instanceof P2mError) || error.blame !== 'usage') throw error;
      throw this.error(error.message.startsWith(about.text) ? about : which, error.message, error.remedy);
    }
  }

  private comparison(token: Token, negated: boolean): EventFilter {
    const column = token.text as ColumnName;
    if (!COLUMN_NAMES.includes(column) || column === 'raw') {
      const remedy = `the columns are ${COLUMN_NAMES.filter(name => name !== 'raw').join(', ')}`;
      throw this.error(token, `there is no column ${token.text}${suggestion(token.text, COLUMN_NAMES)}`, remedy);
    }
    if (column === 'flags' && this.takes('has')) return this.flag(negated);
    const sign = this.take();
    const relation = OPPOSITE[sign.text] as Relation | undefined;
    if (sign.is !== 'sign' || relation === undefined) {
      throw this.error(sign, `after ${column} a comparison is expected`, 'one of ==, !=, <, <=, >, >=');
    }
    return this.compared(column, negated ? relation : (sign.text as Relation), sign, this.take());
  }

  private compared(column: ColumnName, relation: Relation, sign: Token, value: Token): EventFilter {
    const spec: ColumnSpec = COLUMNS[column];
    if (value.is === 'sign' || value.is === 'end') throw this.error(value, 'a value is missing');
    const equality = relation === '==' || relation === '!=';
    if (value.is === 'word' && value.text === 'null') {
      if (!equality) throw this.error(sign, 'null is neither smaller nor greater', 'use == or !=');
      return columnIsNull(column, relation === '==');
    }
    if (spec.dictionary !== undefined || spec.type === 'bit') {
      if (!equality) throw this.error(sign, `${column} has names, which have no order`, 'use == or !=');
      return columnIs(column, relation, this.nameIndex(spec, column, value));
    }
    const pair = column === 'gfn' ? /^(\w+):(\w+)$/.exec(value.text) : null;
    if (pair === null) return columnIs(column, relation, this.number(column, value, value.text));
    if (!equality) throw this.error(sign, 'a gfn of a domain is neither smaller nor greater', 'use == or !=');
    const parts = [
      columnIs('domid', relation, this.number('domid', value, pair[1])),
      columnIs('gfn', relation, this.number('gfn', value, pair[2])),
    ];
    return relation === '==' ? allOf(parts) : anyOf(parts);
  }

  private flag(negated: boolean): EventFilter {
    const token = this.take();
    const bit = FLAG_NAMES.includes(token.text as FlagName) ? FLAG[token.text as FlagName] : 0;
    if (bit === 0) {
      const remedy = `the flags are ${FLAG_NAMES.join(', ')}`;
      throw this.error(token, `there is no flag ${token.text}${suggestion(token.text, FLAG_NAMES)}`, remedy);
    }
    return columnHas('flags', bit, !negated);
  }

  /** Index of a name in the column's dictionary; addresses are hex, as in the trace. */
  private nameIndex(spec: ColumnSpec, column: string, token: Token): bigint {
    const isAddress = spec.dictionary !== undefined && isAddressDictionary(spec.dictionary);
    const names = spec.dictionary === undefined ? ['false', 'true'] : this.names[spec.dictionary];
    const index = names.indexOf(isAddress ? token.text.toLowerCase() : token.text);
    if (index >= 0) return BigInt(index);
    const remedy = isAddress || names.length > MAX_LISTED ? '' : `it is one of ${names.join(', ')}`;
    throw this.error(token, `no ${column} of the trace is ${token.text}${suggestion(token.text, names)}`, remedy);
  }

  private number(column: ColumnName, token: Token, text: string): bigint {
    const [min, max] = RANGES[COLUMNS[column].type];
    const value = /^-?\d+$|^0x[0-9a-f]+$/i.test(text) && text.length <= 80 ? BigInt(text) : undefined;
    if (value !== undefined && value >= min && value <= max) return value;
    throw this.error(token, `${text} is no ${column}`, `it is a number from ${min} to ${max}, decimal or 0x…`);
  }

  private takes(word: string): boolean {
    const token = this.tokens[this.next];
    if (token.is !== 'word' || token.text !== word) return false;
    this.next++;
    return true;
  }

  /** Takes the next token; the end is never used up. */
  private take(): Token {
    const token = this.tokens[this.next];
    if (token.is !== 'end') this.next++;
    return token;
  }

  private error(token: Token, what: string, remedy?: string) {
    return expressionError(this.expression, token.at, what, remedy);
  }
}
