import type { OptionSetting } from '@p2mtrace/analyzers';
import type { NamedConfig } from '../plugins/configuration.js';
import type { TraceResult } from './trace-result.js';

/** How captures are imported and traces judged: what results depend on, besides the content of the file. */
export interface AuditSettings {
  readonly xenVersion?: string | undefined;
  readonly layout?: string | undefined;
  readonly symbols?: string | undefined;
  readonly cpuHz?: number | undefined;
  readonly only?: readonly string[] | undefined;
  readonly plugin?: readonly string[] | undefined;
  readonly pluginOption?: readonly OptionSetting[] | undefined;
  readonly config?: NamedConfig;
}

/** The dataset to which traces are added, and the host that recorded them, where that is not to be what they say. */
export interface DatasetTarget {
  readonly path: string;
  readonly host?: string | undefined;
}

/** One file to audit. */
export interface AuditTask {
  readonly path: string;
  /** SHA-256 of its content, in hex. */
  readonly content: string;
  /** Hash of its content, the settings and the version. */
  readonly key: string;
  /** The file as it was when its content was hashed (`statText`). */
  readonly stat: string;
  /** Where a trace is made from it, if it is not a trace. */
  readonly trace: string;
  /** Where its result is kept. */
  readonly result: string;
  /** What whoever works on it holds. */
  readonly lock: string;
  /** Whether the dataset lacks it. */
  readonly adds: boolean;
}

/** Messages to a worker. */
export type ToWorker =
  | {
      readonly settings: AuditSettings;
      /** Hash of the settings and all that they name, as results depend on it. */
      readonly salt: string;
      readonly dataset?: DatasetTarget | undefined;
    }
  | { readonly task: AuditTask };

/** What a worker made of a task. */
export interface TaskEnd {
  readonly key: string;
  readonly result: TraceResult;
  /** Why it could not be added to the dataset, if it could not. */
  readonly notAdded?: string | undefined;
  /** Whether the same file with the same settings has it each time. */
  readonly lasting: boolean;
}

/** Messages from a worker: a task's end, or something that the user should know. */
export type FromWorker = TaskEnd | { readonly told: string };
