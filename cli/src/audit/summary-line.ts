import { count, counted } from '../render/cell.js';
import { findingCount } from '../render/finding-count.js';
import type { AuditFinding, AuditReport } from './audit-report.js';

/**
 * `3 files, 2 contents, 1 of them could not be judged; 2 new findings (37 occurrences), 5 known, 1 suppressed, 0 no longer
 * seen`. A content may have several names, a finding many occurrences.
 */
export function summaryLine(report: AuditReport): string {
  const { traces, contents, passedOver, findings, fixed } = report;
  const unreadable = traces.filter(({ problem }) => problem !== null).length;
  const of = (state: AuditFinding['state']) => findings.filter(finding => finding.state === state);
  const parts = [
    counted(traces.length, 'file'),
    ...(contents === traces.length ? [] : [counted(contents, 'content')]),
    ...(unreadable === 0 ? [] : [`${count(unreadable)} of them could not be judged`]),
    ...(passedOver.length === 0 ? [] : [`${count(passedOver.length)} passed over`]),
  ];
  const found = `${findingCount(of('new'), 'new finding')}, ${of('known').length} known, ${of('suppressed').length} suppressed`;
  return `${parts.join(', ')}; ${found}, ${fixed.length} no longer seen`;
}

/** `configuration p2mtrace.config.ts, plugin ./hot-gfn.ts`; undefined if neither took part. */
export function tookPartLine({ config, plugins }: Pick<AuditReport, 'config' | 'plugins'>): string | undefined {
  const parts = [...(config === null ? [] : [`configuration ${config}`]), ...plugins.map(name => `plugin ${name}`)];
  return parts.length === 0 ? undefined : `with ${parts.join(', ')}`;
}
