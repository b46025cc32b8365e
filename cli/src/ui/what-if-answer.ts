import type { WhatIf } from '@p2mtrace/ui';
import { designName } from '../whatif/design-name.js';
import type { WhatIfDocument } from '../whatif/whatif-document.js';
import { askCommand } from './ask-command.js';
import type { TraceModel } from './trace-model.js';

/** What `p2mtrace whatif` says of each lock design, in a few numbers. @throws P2mError what it says */
export async function whatIfAnswer(model: TraceModel, signal: AbortSignal): Promise<WhatIf> {
  const asked = ['whatif', model.reader.path, '--format', 'json', '--quiet'];
  const { text } = await askCommand(asked, { isPatient: true, signal });
  const { rows, clock, notChecked, recorded } = JSON.parse(text) as WhatIfDocument;
  const designs = rows.map(row => ({
    name: designName(row),
    sections: row.sections,
    waited: row.waited,
    wait: row.wait.total,
    p99: row.wait.p99,
    makespan: row.makespan,
    ratio: row.ratio,
    parallel: row.parallelism.mean,
    deadlocks: row.deadlockCount,
    refused: row.refused,
  }));
  return {
    designs,
    hz: clock === 'tsc' ? (model.tscHz ?? null) : null,
    waits: recorded.waits?.total ?? null,
    notChecked,
  };
}
