import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { usageError } from '@p2mtrace/trace-format';
import { packageFolder } from '../package-folder.js';
import { splitStatements } from '../sql/sql-text.js';

/** One `create view` or `create macro`, with the comment before it. */
export interface SqlDefinition {
  readonly name: string;
  /** `hex(n)`, `lock_stat`: how a query uses it. */
  readonly usage: string;
  readonly doc: string;
  readonly sql: string;
}

/** A file of definitions; the comment at its top says what they are about. */
export interface SqlModule {
  readonly name: string;
  readonly doc: string;
  readonly definitions: readonly SqlDefinition[];
}

const LIBRARY = join(packageFolder(), 'sql');
const DEFINITION = /^create\s+(?:or\s+replace\s+)?(?:macro|function|view)\s+(\w+)\s*(\([^)]*\))?/i;

/** The modules that come with p2mtrace. */
export function standardLibrary(): SqlModule[] {
  return readModules(LIBRARY);
}

/**
 * The modules at a path: a file, or all `.sql` files of a folder in the order of their names.
 * @throws P2mError P2M_SQL_PATH (usage) if it can't be read, or a statement is not a definition
 */
export function readModules(path: string): SqlModule[] {
  try {
    const names = statSync(path).isDirectory() ? readdirSync(path).filter(name => name.endsWith('.sql')) : undefined;
    const files = names === undefined ? [path] : names.sort().map(name => join(path, name));
    return files.map(file => parseModule(file, readFileSync(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined || !('syscall' in (error as object))) throw error;
    throw usageError(
      'P2M_SQL_PATH',
      `${path} can't be read: ${(error as Error).message}`,
      'name a .sql file or a folder',
    );
  }
}

function parseModule(file: string, text: string): SqlModule {
  const { statements, rest } = splitStatements(text);
  // The first paragraph of comments belongs to the file.
  const head = /^(?:--[^\n]*\n)+(?=\n)/.exec(text)?.[0] ?? '';
  const definitions = [...statements, ...(rest === '' ? [] : [rest])].map((statement, i): SqlDefinition => {
    const own = i === 0 ? statement.slice(head.trimEnd().length).trim() : statement;
    const [comment] = /^(?:--[^\n]*\n\s*)*/.exec(own) ?? [''];
    const sql = own.slice(comment.length);
    const [, name, parameters] = DEFINITION.exec(sql) ?? [];
    if (name === undefined) {
      throw usageError(
        'P2M_SQL_PATH',
        `${file}: statement ${i + 1} defines nothing: ${sql.slice(0, 60)}`,
        'a module has only statements that begin with create view NAME or create macro NAME(…)',
      );
    }
    return { name, usage: name + (parameters ?? ''), doc: commentText(comment), sql };
  });
  return { name: basename(file, '.sql'), doc: commentText(head), definitions };
}

function commentText(comment: string): string {
  return comment.replace(/^\s*-- ?/gm, '').trim();
}
