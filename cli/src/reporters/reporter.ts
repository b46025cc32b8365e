import type { AuditReport } from '../audit/audit-report.js';

/** Makes a text of a report. It may open the traces (`trace` of each) to tell more. */
export type Reporter = (report: AuditReport) => string | Promise<string>;
