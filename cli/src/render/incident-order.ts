import type { AnalysisReport, Finding } from '@p2mtrace/analyzers';

type InIncident = Pick<Finding, 'id' | 'incident'>;

/** True if it is a consequence of another finding. */
export const isConsequence = ({ id, incident }: InIncident): boolean => incident !== null && id !== incident;

/** The same findings, grouped by incident at the place of its worst finding, with the first cause first. */
export function byIncident<F extends InIncident>(findings: readonly F[]): F[] {
  const told = new Set<F>();
  return findings.flatMap(finding => {
    if (told.has(finding)) return [];
    const members = finding.incident === null ? [finding] : findings.filter(one => one.incident === finding.incident);
    const inOrder = [...members.filter(one => !isConsequence(one)), ...members.filter(isConsequence)];
    for (const one of inOrder) told.add(one);
    return inOrder;
  });
}

/** The report as a list of unrelated findings (--flat). */
export function flat<R extends Pick<AnalysisReport, 'findings' | 'incidents'>>(report: R): R {
  return { ...report, incidents: [], findings: report.findings.map(finding => ({ ...finding, incident: null })) };
}
