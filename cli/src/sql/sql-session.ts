import {
  type ColumnSource,
  FactCache,
  openTraceSession,
  readModules,
  type SqlModule,
  type SqlParameters,
  splitStatements,
  type TraceSession,
} from '@p2mtrace/analyzers';
import { type TraceReader, usageError } from '@p2mtrace/trace-format';
import { checkOutputs } from '@p2mtrace/trace-format/output';
import type { Context } from '../command.js';
import { isP2mError } from '../exit.js';
import { madeFile } from '../output/made-file.js';
import { Progress } from '../render/progress.js';
import { sayWritten } from '../render/written.js';
import { visible } from '../text/visible.js';
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
  /** Changes the format of the results that follow. */
  format: ResultFormat;
  /** @throws P2mError P2M_SQL, P2M_TIMEOUT, P2M_INTERRUPTED, P2M_OUTPUT, ClosedPipe */
  run(text: string): Promise<void>;
  interrupt(): void;
  /** Ends the running statement, closes the session, and stores the facts that were replayed. */
  close(): Promise<void>;
}

/** @throws P2mError P2M_SQL_PATH, P2M_OUTPUT, P2M_FORMAT (usage), P2M_SQL */
export async function openSql(
  readers: readonly TraceReader[],
  options: SqlCommandOptions,
  context: Context,
): Promise<SqlCommand> {
  const { output, cache, cacheDir, cpuHz, allowFiles, memoryLimit, threads, timeout } = options;
  const format = resultFormat(options.chart === true ? 'chart' : options.format, output, context.out.isTty);
  if (output !== undefined) {
    const inputs = [...readers.map(({ path }) => path), ...(options.sqlPath ?? []), ...givenFiles(options.file)];
    checkOutputs([output], inputs);
  }
  const modules = (options.sqlPath ?? []).flatMap(readModules);
  const onNotice = (text: string) => context.err.say(`p2mtrace: ${visible(text)}\n`);
  const caches = readers.map(reader => (cache ? FactCache.of(reader, cacheDir, undefined, onNotice) : undefined));
  const replayed: { readonly trace: number; readonly table: ColumnSource }[] = [];
  const file = output !== undefined && isMadeByDuckdb(format) ? madeFile(output, context) : undefined;
  const progress = new Progress(context, context.out.isTty ? 'never' : options.progress, 'events replayed');
  const session = await openTraceSession(readers, {
    onReplayed: progress.update,
    tscHz: cpuHz,
    memoryLimit,
    ...(threads === undefined ? {} : { threads }),
    files: allowFiles === true ? true : file === undefined ? [] : [file.path],
    modules,
    caches,
    onFacts: (trace, table) => {
      progress.end();
      replayed.push({ trace, table });
    },
  });
  const parameters: SqlParameters = Object.fromEntries(options.param ?? []);
  const command: SqlCommand = {
    session,
    modules,
    format,
    async run(text) {
      const work = async () => {
        if (output !== undefined && isFileFormat(command.format)) checkSingle(text, command.format);
        await writeResult({ session, text, parameters, format: command.format, output, file }, context);
      };
      try {
        await limited(session, timeout, work);
      } catch (error) {
        if (isP2mError(error) && error.code === 'P2M_CACHE') for (const one of caches) one?.putAllAside(error.message);
        throw error;
      } finally {
        progress.end();
      }
      if (output !== undefined) sayWritten(context, output);
    },
    interrupt: () => session.interrupt(),
    async close() {
      await session.close();
      for (const { trace, table } of replayed) await keep(caches[trace], table, context);
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

/** Stores facts, so that the next query need not replay them. If that fails, it is reported but is not an error. */
async function keep(cache: FactCache | undefined, table: ColumnSource, { err }: Context): Promise<void> {
  if (cache === undefined || table.rows === 0) return;
  try {
    await cache.keep(table);
  } catch (error) {
    err.say(`p2mtrace: facts are not kept for the next query: ${(error as Error).message}\n`);
  }
}
