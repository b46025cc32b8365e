/**
 * The pieces of SQL text, in DuckDB's grammar: strings (with '' or, after an e, with \'), names in double quotes,
 * $$ strings, comments, words, a single semicolon, and runs of anything else.
 */
const PIECE =
  /[eE]'(?:[^'\\]|''|\\.)*'?|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|\$(\w*)\$.*?(?:\$\1\$|$)|--[^\n]*|\/\*.*?(?:\*\/|$)|\w+|;|./gs;

const HEX = /^0[xX][0-9a-fA-F]+$/;

/**
 * The text with its hex literals in decimal. DuckDB has none, and would read `0x9fe5e` as `0 AS x9fe5e`: a wrong
 * result without an error.
 */
export function withoutHexLiterals(sql: string): string {
  return sql.replace(PIECE, piece => (HEX.test(piece) ? BigInt(piece).toString() : piece));
}

/**
 * The statements of a text, without their semicolons; `rest` is what follows the last semicolon, if it is more than
 * space.
 */
export function splitStatements(sql: string): { readonly statements: readonly string[]; readonly rest: string } {
  const statements: string[] = [];
  let current = '';
  for (const [piece] of sql.matchAll(PIECE)) {
    if (piece !== ';') current += piece;
    else {
      if (hasCode(current)) statements.push(current.trim());
      current = '';
    }
  }
  return { statements, rest: hasCode(current) ? current.trim() : '' };
}

/** True if the text has more than space and comments. */
function hasCode(sql: string): boolean {
  for (const [piece] of sql.matchAll(PIECE)) if (!/^(?:\s|--|\/\*)/.test(piece)) return true;
  return false;
}
