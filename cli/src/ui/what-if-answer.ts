import type { WhatIf } from '@p2mtrace/ui';
import { designName } from '../whatif/design-name.js';
import type { SavedWhatIf } from '../whatif/saved-what-if.js';
import type { WhatIfDocument } from '../whatif/whatif-document.js';
import { askCommand } from './ask-command.js';
import type { TraceModel } from './trace-model.js';

/** What `p2mtrace whatif` says of each lock design. @throws P2mError what it says */
export async function whatIfAnswer(model: TraceModel, signal: AbortSignal): Promise<WhatIf> {
  const options = ['--format', 'json', '--quiet'];
  const question = { command: 'whatif', options, args: [model.reader.path] };
  const { text } = await askCommand(question, { isPatient: true, signal });
  return whatIfOf(JSON.parse(text) as WhatIfDocument, model.tscHz);
}

/** The numbers that the page shows. */
export function whatIfOf(
  { rows, clock, notChecked, recorded, options }: SavedWhatIf,
  tscHz: number | undefined,
): WhatIf {
  const designs = rows.map(row => ({
    name: designName(row),
    discipline: designName({ ...row, granularity: null }),
    granularity: row.granularity,
    sections: row.sections,
    waited: row.waited,
    wait: row.wait.total,
    median: row.wait.median,
    p99: row.wait.p99,
    longest: row.wait.max,
    makespan: row.makespan,
    ratio: row.ratio,
    parallel: row.parallelism.mean,
    lost: row.parallelism.lost,
    deadlocks: row.deadlockCount,
    refused: row.refused,
  }));
  return {
    designs,
    pcpus: options.pcpus,
    recordedPcpus: recorded.pcpus,
    hz: clock === 'tsc' ? (tscHz ?? null) : null,
    waits: recorded.waits?.total ?? null,
    notChecked,
  };
}
