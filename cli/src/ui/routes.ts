import { standardLibrary, TRACE_TABLES } from '@p2mtrace/analyzers';
import { ACCESS_TYPES, COLUMN_NAMES, P2M_TYPES } from '@p2mtrace/trace-format';
import { usageError } from '@p2mtrace/trace-format/errors';
import type { Head, SqlWords, WhatIf } from '@p2mtrace/ui';
import { version } from '../version.js';
import type { SavedWhatIf } from '../whatif/saved-what-if.js';
import { answerText } from './answer-text.js';
import { ChangeCounts } from './change-counts.js';
import { Findings, storyJson } from './findings-answer.js';
import { historyAnswer } from './history-answer.js';
import { mapAnswer } from './map-answer.js';
import { onceEach } from './once-each.js';
import { overviewOf } from './overview.js';
import type { Query } from './query.js';
import { type SqlLimits, sqlAnswer } from './sql-answer.js';
import { tableAnswer } from './table-answer.js';
import { eventsAround, findAnswer, nextTouching, thingAnswer, whyAnswer } from './thing-answer.js';
import type { TraceModel } from './trace-model.js';
import { whatIfAnswer, whatIfOf } from './what-if-answer.js';

/** Text of JSON, or bytes. */
export type Answer = string | Buffer;

/** A request that passed the guard. `signal` is aborted when nobody waits for the answer any more. */
export interface Request {
  readonly query: URLSearchParams;
  /** The body of a POST. */
  readonly body: string;
  readonly signal: AbortSignal;
}

/** What the page may ask, by path. Each may throw a P2mError, which the page shows. */
export class Routes {
  private readonly models: readonly TraceModel[];
  private readonly limits: SqlLimits;
  private readonly findings: Findings;
  private readonly overview = onceEach(model => overviewOf(model.reader, model.tscHz));
  private readonly changes = onceEach(model => ChangeCounts.of(model.reader));
  private readonly whatIf: (model: TraceModel) => Promise<WhatIf>;

  /** `saved` has results of p2mtrace whatif that were given; `ended` is aborted when nobody asks any more: then nothing is worked on for later. */
  constructor(
    models: readonly TraceModel[],
    limits: SqlLimits,
    saved: ReadonlyMap<TraceModel, SavedWhatIf>,
    ended: AbortSignal,
  ) {
    this.models = models;
    this.limits = limits;
    this.findings = new Findings(ended);
    this.whatIf = onceEach(async model => {
      const own = saved.get(model);
      return own === undefined ? whatIfAnswer(model, ended) : whatIfOf(own, model.tscHz);
    });
  }

  readonly get: Readonly<
    Record<string, (query: Query, model: TraceModel, request: Request) => Answer | Promise<Answer>>
  > = {
    '/api/head': () => answerText(this.head()),
    '/api/words': () => answerText(sqlWords()),
    '/api/overview': async (_, model) => answerText(await this.overview(model)),
    '/api/point': (query, model) => answerText(model.point(query.whole('seq'))),
    '/api/map': (query, model) => mapAnswer(model, query, this.changes),
    '/api/thing': (query, model) => answerText(thingAnswer(model, query.text('thing'), query.whole('seq'))),
    '/api/why': (query, model) => answerText(whyAnswer(model, query.text('thing'), query.whole('seq'))),
    '/api/next': (query, model) =>
      answerText(nextTouching(model, query.text('thing'), query.whole('seq'), query.whole('back') !== 0)),
    '/api/find': (query, model) =>
      answerText(findAnswer(model, query.text('text'), query.whole('seq'), query.whole('back') !== 0)),
    '/api/events': (query, model) =>
      answerText(
        eventsAround(
          model,
          query.whole('seq'),
          Math.min(Math.max(query.whole('before'), 0), 200),
          Math.min(Math.max(query.whole('after'), 0), 200),
        ),
      ),
    '/api/history': async (query, model, { signal }) => {
      const window = { low: query.whole('low', 0), high: query.whole('high', Number.MAX_SAFE_INTEGER) };
      return answerText(await historyAnswer(model, query.text('thing'), window, this.limits, signal));
    },
    '/api/whatif': async (_, model) => answerText(await this.whatIf(model)),
    '/api/findings': async (_, model) => answerText(await this.findings.report(model)),
    '/api/story': async (query, model) =>
      storyJson(await this.findings.story(model, query.text('id'), query.whole('number'))),
    '/api/diff': async (query, model, { signal }) => {
      const other = query.whole('other', -1) < 0 ? model : this.modelAt(query.whole('other'));
      const places = ['--from', position(model, query.whole('seq')), '--to', position(other, query.whole('to'))];
      const options = query.whole('summary') === 0 ? places : [...places, '--summary'];
      const args = other === model ? [model.reader.path] : [model.reader.path, other.reader.path];
      return answerText(await tableAnswer({ command: 'diff', options, args }, { signal }));
    },
  };

  readonly post: Readonly<Record<string, (model: TraceModel, request: Request) => Promise<Answer>>> = {
    '/api/sql': async (_, { body, signal }) => {
      for (const { file } of this.models) file.check();
      return answerText(await sqlAnswer(this.models, sqlOf(body), this.limits, signal));
    },
  };

  /** @throws P2mError P2M_UI_QUERY (usage), P2M_UI_CHANGED (usage) */
  model(query: Query): TraceModel {
    return this.modelAt(query.whole('t', 0));
  }

  private modelAt(index: number): TraceModel {
    const model = this.models[index];
    if (model === undefined) throw usageError('P2M_UI_QUERY', 'there is no such trace', 'load the page again');
    model.file.check();
    return model;
  }

  private head(): Head {
    return {
      traces: this.models.map(model => model.head),
      p2mTypes: P2M_TYPES,
      accessTypes: ACCESS_TYPES,
      version: version(),
    };
  }
}

/** @throws P2mError P2M_UI_QUERY (usage) */
function sqlOf(body: string): string {
  const { sql } = (parsed(body) ?? {}) as { sql?: unknown };
  if (typeof sql !== 'string') throw usageError('P2M_UI_QUERY', 'sql is no text', 'load the page again');
  return sql;
}

/** Undefined for what is no JSON. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** As a command takes it. */
const position = ({ replay }: TraceModel, seq: number): string => (seq <= replay.start ? 'start' : `#${seq}`);

function sqlWords(): SqlWords {
  const definitions = standardLibrary().flatMap(module => module.definitions);
  const tables: Record<string, readonly string[]> = { events: [...COLUMN_NAMES] };
  for (const { name, columns } of TRACE_TABLES) tables[name] = [...columns];
  for (const { name, usage } of definitions) if (!usage.includes('(')) tables[name] ??= [];
  return { tables, functions: definitions.filter(({ usage }) => usage.includes('(')).map(({ usage }) => usage) };
}
