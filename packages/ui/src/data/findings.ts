import { effect, signal } from '@preact/signals';
import type { AnalysisReport, Finding, Occurrence } from '../api.js';
import { ask } from './ask.js';
import { overview, trace } from './store.js';

/** An event that a finding rests on, and what it is in it. */
export type Witness = Occurrence['witness'][number];

/** From the least severe. */
export const SEVERITIES = ['note', 'warning', 'error'] as const satisfies readonly Finding['severity'][];
export type Severity = Finding['severity'];

const NONE = { note: [], warning: [], error: [] };

/** What the rules find in the trace that is looked at; neither while that was not asked. */
export const findings = signal<{ readonly report?: AnalysisReport; readonly failed?: string }>({});
/** Events that findings name, by the severity of the most severe. */
export const witnesses = signal<Readonly<Record<Severity, readonly number[]>>>(NONE);
/** Those of the occurrence whose story is told. */
export const told = signal<readonly Witness[]>([]);

function bySeverity(all: readonly Finding[]): Readonly<Record<Severity, readonly number[]>> {
  const severities = new Map<number, Severity>();
  for (const severity of SEVERITIES) {
    for (const finding of all.filter(one => one.severity === severity)) {
      for (const { witness } of finding.occurrences) for (const { seq } of witness) severities.set(seq, severity);
    }
  }
  const of = (wanted: Severity) => [...severities].flatMap(([seq, severity]) => (severity === wanted ? [seq] : []));
  return { note: of('note'), warning: of('warning'), error: of('error') };
}

let asked = -1;

/** Asks for the findings, unless that was done. */
export function lookForFindings(): void {
  const t = trace.peek();
  if (asked === t) return;
  asked = t;
  const put = (of: typeof findings.value) => {
    if (asked !== t) return;
    findings.value = of;
    witnesses.value = bySeverity(of.report?.findings ?? []);
  };
  ask<AnalysisReport>('findings', { t }).then(
    report => put({ report }),
    (error: Error) => put({ failed: error.message }),
  );
}

/** Once the density of the timeline is there, nobody waits for anything: then findings are looked for. */
export function findInTime(): void {
  effect(() => {
    trace.value;
    asked = -1;
    findings.value = {};
    witnesses.value = NONE;
    told.value = [];
  });
  effect(() => {
    if (overview.value !== undefined) lookForFindings();
  });
}
