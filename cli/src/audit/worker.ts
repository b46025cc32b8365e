/** A process that audits one trace after the other: what crashes it takes nothing but the trace at hand with it. */

import { jsonText } from '../render/json.js';
import type { AuditSettings, ToWorker } from './audit-task.js';
import { auditTrace, prepare } from './audit-trace.js';
import { writeWhole } from './state-folder.js';

let settings: AuditSettings = {};

process.on('message', async (message: ToWorker) => {
  if ('settings' in message) {
    settings = message.settings;
    await prepare(settings);
    return;
  }
  const { task } = message;
  writeWhole(task.result, jsonText(await auditTrace(task, settings)));
  process.send?.({ done: task.key });
});
// Who started it is gone, or needs it no more.
process.on('disconnect', () => process.exit());
