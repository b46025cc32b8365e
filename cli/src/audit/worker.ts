/** A process that audits one trace after the other: if one crashes it, only that trace is lost. */

import { writeOutput } from '@p2mtrace/trace-format/output';
import { jsonText } from '../render/json.js';
import type { AuditSettings, ToWorker } from './audit-task.js';
import { auditTrace, prepare } from './audit-trace.js';

let settings: AuditSettings = {};

process.on('message', async (message: ToWorker) => {
  if ('settings' in message) {
    settings = message.settings;
    await prepare(settings);
    return;
  }
  const { task } = message;
  writeOutput(task.result, jsonText(await auditTrace(task, settings)), { follow: false });
  process.send?.({ done: task.key });
});
// The parent process has ended, or does not need this worker any more.
process.on('disconnect', () => process.exit());
