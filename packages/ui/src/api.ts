/** What the server of `p2mtrace ui` answers. Whole numbers from 2^53 on are text, in digits; so may frames be. */
import type { LockRow } from '@p2mtrace/replayer';

export type { AnalysisReport, Finding, Occurrence } from '@p2mtrace/analyzers';
export type { LockRow };

/** What a colleague would be told of the trace. */
export interface Head {
  /** One, or two that are compared. */
  readonly traces: readonly TraceHead[];
  readonly p2mTypes: readonly string[];
  readonly accessTypes: readonly string[];
  readonly version: string;
}

export interface TraceHead {
  readonly name: string;
  /** As the column `trace` of tables has it. */
  readonly sqlName: string;
  /** One before the first event: nothing has happened yet. */
  readonly start: number;
  /** The last event. */
  readonly end: number;
  readonly tscHz: number | null;
  /** Nanoseconds since 1970 of the first TSC, as text. */
  readonly startTime: string | null;
  readonly pcpus: number;
  readonly pageTypes: readonly string[];
  readonly spaces: readonly Space[];
  /** Whether waits for locks were recorded; where not, none means unknown. */
  readonly hasWaits: boolean;
  /** Whether a result of `p2mtrace whatif` was given, so that it can be had at once. */
  readonly hasWhatIf: boolean;
  /** Damage of the file, though it can be read. */
  readonly damage: string | null;
}

/** A map that can be shown: a p2m's gfns, or the machine's frames. */
export interface Space {
  /** `1 host`, or `machine`. */
  readonly name: string;
  readonly domid: number | null;
  readonly view: string | null;
  /** One after the last frame that is known somewhere in the trace. */
  readonly end: number;
  /** A power of two below which most of them are. */
  readonly most: number;
}

/** The state after an event. */
export interface Point {
  readonly seq: number;
  readonly event: EventRow | null;
  /** Since the first TSC; null where the frequency is unknown, or the event has no TSC. */
  readonly seconds: number | null;
  /** In ISO 8601, null where unknown. */
  readonly utc: string | null;
  readonly tsc: string | null;
  readonly running: readonly Running[];
  readonly held: readonly LockRow[];
  /** Locks outside of those in `held`. */
  readonly more: number;
}

export type EventRow = Readonly<Record<string, unknown>> & { readonly seq: number; readonly kind: string };

export interface Running {
  readonly pcpu: number;
  readonly domid: number | null;
  readonly vcpu: number | null;
}

/** Events over the whole trace, in bins of equally many events. */
export interface Overview {
  readonly bins: number;
  /** Name of a group of kinds, and its events in each bin. */
  readonly groups: readonly { readonly name: string; readonly counts: readonly number[] }[];
  /** Events a second (a tick, if the frequency is unknown) in each bin; null where unknown. */
  readonly rates: readonly (number | null)[];
  readonly losses: readonly number[];
}

/** Rows of a table. */
export interface Table {
  /** Several may have one name. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  /** True if there were more rows than are given. */
  readonly cut: boolean;
  /** Results of the same text before this one, which are not given. */
  readonly before: number;
}

/** What a search found. */
export interface Found {
  readonly seq: number | null;
  /** `gfn 1:0x1234`, if the text named a thing. */
  readonly thing: string | null;
}

/** The state of a thing at a point. */
export interface Thing {
  readonly about: string;
  readonly seq: number;
  readonly state: unknown;
  /** Events named by the state, by seq. */
  readonly events: Readonly<Record<string, EventRow>>;
}

/** What other designs of the p2m lock would have made of the trace (docs/lock-design.md). */
export interface WhatIf {
  readonly designs: readonly WhatIfDesign[];
  /** Pcpus that the sections were laid on, and those that were recorded. */
  readonly pcpus: number;
  readonly recordedPcpus: number;
  /** Ticks a second; null where unknown, or where each event counts as a tick. */
  readonly hz: number | null;
  /** Ticks waited for p2m locks as recorded; null where waits were not recorded. */
  readonly waits: number | null;
  readonly notChecked: readonly string[];
}

/** One of them; times are ticks. */
export interface WhatIfDesign {
  readonly name: string;
  /** Its name without the granularity: designs that differ in that alone have the same. */
  readonly discipline: string;
  readonly granularity: string | null;
  readonly sections: number;
  readonly waited: number;
  readonly wait: number;
  /** Null where nobody waited. */
  readonly median: number | null;
  readonly p99: number | null;
  readonly longest: number | null;
  readonly makespan: number;
  /** The makespan, divided by that of the recorded design. */
  readonly ratio: number;
  /** Sections at work at once, on average. */
  readonly parallel: number;
  /** The part of that which is lost against no p2m lock at all; below 0 by another order of the same work. */
  readonly lost: number;
  readonly deadlocks: number;
  readonly refused: number | null;
}

/** What may be written in a query. */
export interface SqlWords {
  readonly tables: Readonly<Record<string, readonly string[]>>;
  readonly functions: readonly string[];
}

/** What was expected to fail. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
}
