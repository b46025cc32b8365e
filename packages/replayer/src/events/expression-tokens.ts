import { usageError } from '@p2mtrace/trace-format';

export interface Token {
  /** An operator or parenthesis, a word (name, number, 1:0x1234), text in quotes, or the end. */
  readonly is: 'sign' | 'word' | 'text' | 'end';
  readonly text: string;
  /** Where it begins in the expression, from 0. */
  readonly at: number;
}

const TOKEN = /\s*(?:(==|!=|<>|<=|>=|&&|\|\||[=<>()!])|([\w:.@+/#-]+)|"([^"]*)"|($))/y;

/** Operators as C and SQL write them. */
const SAME: Readonly<Record<string, string>> = { '=': '==', '<>': '!=', '&&': 'and', '||': 'or', '!': 'not' };

/** The tokens of an expression; the last one is the end. @throws P2mError P2M_EXPRESSION (usage) */
export function tokensOf(expression: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (;;) {
    const before = TOKEN.lastIndex;
    const match = TOKEN.exec(expression);
    if (match === null) {
      const at = before + (/^\s*/.exec(expression.slice(before))?.[0].length ?? 0);
      throw expressionError(expression, at, `${expression[at]} means nothing here`);
    }
    const [, sign, word, text] = match;
    const is = sign !== undefined ? 'sign' : word !== undefined ? 'word' : text !== undefined ? 'text' : 'end';
    const found = sign ?? word ?? text ?? '';
    const at = TOKEN.lastIndex - found.length - (is === 'text' ? 2 : 0);
    const same = is === 'sign' ? SAME[found] : undefined;
    tokens.push({ is: same !== undefined && /\w/.test(same) ? 'word' : is, text: same ?? found, at });
    if (is === 'end') return tokens;
  }
}

/** An error that points at a column of the expression, counted from 1. */
export function expressionError(expression: string, at: number, what: string, remedy = '') {
  return usageError('P2M_EXPRESSION', `${what}, at column ${at + 1} of: ${expression}`, remedy);
}
