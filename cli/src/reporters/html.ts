import { htmlReport } from '../report/html-report.js';
import type { Reporter } from './reporter.js';

/** A page to open offline, with what the traces themselves show about the findings. */
export const html: Reporter = report => htmlReport(report);
