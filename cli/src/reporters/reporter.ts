import type { AuditReport } from '../audit/audit-report.js';

/** Turns a report into text. It may open the traces (`trace` of each) to tell more. */
export type Reporter = (report: AuditReport) => string | Promise<string>;
