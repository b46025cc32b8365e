import type { OptionSetting } from '@p2mtrace/analyzers';

/** How captures are imported and traces judged: what results depend on, besides the content of the file. */
export interface AuditSettings {
  readonly xenVersion?: string | undefined;
  readonly layout?: string | undefined;
  readonly symbols?: string | undefined;
  readonly cpuHz?: number | undefined;
  readonly only?: readonly string[] | undefined;
  readonly plugin?: readonly string[] | undefined;
  readonly pluginOption?: readonly OptionSetting[] | undefined;
  readonly config?: string | undefined;
}

/** One file to audit. */
export interface AuditTask {
  readonly path: string;
  /** Hash of its content, the settings and the version. */
  readonly key: string;
  /** Where a trace is made from it, if it is not a trace. */
  readonly trace: string;
  /** Where the result is stored. */
  readonly result: string;
}

/** Messages to a worker, and back. */
export type ToWorker = { readonly settings: AuditSettings } | { readonly task: AuditTask };
export interface FromWorker {
  readonly done: string;
}
