import {
  readModules,
  type SqlModule,
  type SqlOptions,
  type SqlParameters,
  splitStatements,
  type TraceSession,
} from '@p2mtrace/analyzers';
import { usageError } from '@p2mtrace/trace-format';
import { checkOutputs } from '@p2mtrace/trace-format/output';
import type { Context } from '../command.js';
import { madeFile } from '../output/made-file.js';
import { sayWritten } from '../render/written.js';
import type { ResultFormat } from './formats.js';
import type { SqlParameter } from './parameter.js';
import { isFileFormat, isMadeByDuckdb, resultFormat, writeResult } from './result-formats.js';

export interface SqlCommandOptions {
  /** The file with the query. */
  readonly file?: string;
  readonly format?: ResultFormat;
  readonly chart?: boolean;
  readonly output?: string;
  readonly param?: readonly SqlParameter[];
  readonly sqlPath?: readonly string[];
  readonly cache: boolean;
  readonly cacheDir?: string;
  readonly allowFiles?: boolean;
  readonly cpuHz?: number | undefined;
  readonly memoryLimit: string;
  readonly threads?: number;
  /** Milliseconds, 0 for no limit. */
  readonly timeout: number;
  readonly progress?: string | undefined;
}

/** A session of `p2mtrace sql`: runs texts of statements, and writes their results in the chosen format. */
export interface SqlCommand {
  readonly session: TraceSession;
  readonly modules: readonly SqlModule[];
  readonly tables: SqlSource['tables'];
  /** Changes the format of the results that follow. */
  format: ResultFormat;
  /** @throws P2mError P2M_SQL, P2M_TIMEOUT, P2M_INTERRUPTED, P2M_OUTPUT, ClosedPipe */
  run(text: string): Promise<void>;
  interrupt(): void;
  /** Ends the running statement, closes the session, and stores the facts that were replayed. */
  close(): Promise<void>;
}

/** What is asked: opens a session on it, and cleans up. */
export interface SqlSource {
  /** What queries can name, besides views and macros; `from` says what has it. */
  readonly tables: readonly {
    readonly name: string;
    readonly from: string;
    readonly doc: string;
    readonly columns: readonly string[];
  }[];
  /** Files that no output may be. */
  readonly inputs: readonly string[];
  open(modules: readonly SqlModule[], options: SqlOptions): Promise<TraceSession>;
  /** An error of a query, in words of what is asked. */
  explained(error: unknown): unknown;
  /** Called when the progress of a query is not to be shown any more. */
  ended(): void;
  /** After the session was closed. */
  close(): Promise<void>;
}

/** @throws P2mError P2M_SQL_PATH, P2M_OUTPUT, P2M_FORMAT (usage), P2M_SQL */
export async function openSql(source: SqlSource, options: SqlCommandOptions, context: Context): Promise<SqlCommand> {
  const { output, allowFiles, memoryLimit, threads, timeout } = options;
  const format = resultFormat(options.chart === true ? 'chart' : options.format, output, context.out.isTty);
  if (output !== undefined) {
    checkOutputs([output], [...source.inputs, ...(options.sqlPath ?? []), ...givenFiles(options.file)]);
  }
  const modules = (options.sqlPath ?? []).flatMap(readModules);
  const file = output !== undefined && isMadeByDuckdb(format) ? madeFile(output, context) : undefined;
  const session = await source.open(modules, {
    memoryLimit,
    ...(threads === undefined ? {} : { threads }),
    files: allowFiles === true ? true : file === undefined ? [] : [file.path],
  });
  const parameters: SqlParameters = Object.fromEntries(options.param ?? []);
  const command: SqlCommand = {
    session,
    modules,
    tables: source.tables,
    format,
    async run(text) {
      const work = async () => {
        if (output !== undefined && isFileFormat(command.format)) checkSingle(text, command.format);
        await writeResult({ session, text, parameters, format: command.format, output, file }, context);
      };
      try {
        await limited(session, timeout, work);
      } catch (error) {
        throw source.explained(error);
      } finally {
        source.ended();
      }
      if (output !== undefined) sayWritten(context, output);
    },
    interrupt: () => session.interrupt(),
    async close() {
      await session.close();
      await source.close();
    },
  };
  return command;
}

/** The file with the query, unless that is stdin. */
const givenFiles = (file: string | undefined) => (file === undefined ? [] : [file]);

function checkSingle(text: string, format: ResultFormat): void {
  const { statements, rest } = splitStatements(text);
  if (statements.length + (rest === '' ? 0 : 1) === 1) return;
  throw usageError('P2M_FORMAT', `${format} holds the result of one statement`, 'give one statement for each file');
}

/** Runs work with a time limit. @throws P2mError P2M_TIMEOUT (usage), and what `work` throws */
async function limited(session: TraceSession, milliseconds: number, work: () => Promise<void>): Promise<void> {
  let isLate = false;
  const interrupt = () => {
    isLate = true;
    session.interrupt();
  };
  const timer = milliseconds === 0 ? undefined : setTimeout(interrupt, milliseconds);
  try {
    await work();
  } catch (error) {
    if (!isLate) throw error;
    throw usageError(
      'P2M_TIMEOUT',
      `the query took longer than ${milliseconds / 1000} s`,
      'raise --timeout, 0 for none',
    );
  } finally {
    clearTimeout(timer);
  }
}
