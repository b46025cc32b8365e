import { counted } from '../render/cell.js';
import type { AuditFinding, AuditReport } from './audit-report.js';

/** `3 traces, 1 unreadable; 2 new findings, 5 known, 1 suppressed, 0 fixed`. */
export function summaryLine({ traces, findings, fixed }: Pick<AuditReport, 'traces' | 'findings' | 'fixed'>): string {
  const unreadable = traces.filter(({ problem }) => problem !== null).length;
  const of = (state: AuditFinding['state']) => findings.filter(finding => finding.state === state).length;
  const bad = unreadable === 0 ? '' : `, ${unreadable} of them could not be judged`;
  return `${counted(traces.length, 'trace')}${bad}; ${counted(of('new'), 'new finding')}, ${of('known')} known, ${of('suppressed')} suppressed, ${fixed.length} no longer seen`;
}
