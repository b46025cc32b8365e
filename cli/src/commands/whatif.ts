import {
  type Discipline,
  type Fairness,
  type Foreign,
  type Granularity,
  type OverlayKind,
  traceIdentity,
  type Upgrade,
  type WhatIf,
  type WhatIfOptions,
  whatIfOnThreads,
} from '@p2mtrace/replayer';
import type { TraceReader } from '@p2mtrace/trace-format';
import { checkOutputs } from '@p2mtrace/trace-format/output';
import { checkBudget } from '../budget/watch.js';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { type TraceSettings, withTrace } from '../open-trace.js';
import { withText } from '../output/text-output.js';
import { counted } from '../render/cell.js';
import { jsonDocument } from '../render/json.js';
import { Progress } from '../render/progress.js';
import { writeRows } from '../render/rows.js';
import { sayWritten } from '../render/written.js';
import { designName } from '../whatif/design-name.js';
import { whatIfDocument } from '../whatif/whatif-document.js';
import { CSV_COLUMNS, csvRows, TABLE_COLUMNS, tableRows } from '../whatif/whatif-table.js';
import { writeWhatIfText } from '../whatif/whatif-text.js';
import { WorstSections, worstMoment } from '../whatif/worst-moment.js';

interface Options extends TraceSettings {
  readonly discipline?: readonly Discipline[];
  readonly granularity?: readonly Granularity[];
  readonly upgrade?: readonly Upgrade[];
  readonly fairness: Fairness;
  readonly foreign: Foreign;
  readonly pcpus?: number;
  readonly seed: number;
  readonly overlay: OverlayKind;
  readonly domain?: number;
  readonly format: 'table' | 'json' | 'csv' | 'md';
  readonly output?: string;
  readonly report?: string;
  readonly cpuHz?: number;
}

export const run: Run<readonly [string], Options> = async ([path], options, context) => {
  const { output, report, format, fairness, foreign, pcpus, seed, overlay, domain } = options;
  const outputs = [output, report].filter(file => file !== undefined);
  if (outputs.length > 0) checkOutputs(outputs, [path]);
  return withTrace(path, options, context, async reader => {
    const shown = new Progress(context, options.progress, 'events replayed', reader.rows);
    const wanted = {
      disciplines: options.discipline,
      granularities: options.granularity,
      upgrades: options.upgrade,
      fairness,
      foreign,
      pcpus,
      seed,
      overlay,
      domain,
    };
    const worst = new WorstSections();
    let result: WhatIf;
    try {
      const watch = report === undefined ? undefined : worst.watch;
      result = await whatIfOnThreads(reader, { ...wanted, watch, onProgress: shown.update });
    } finally {
      shown.end();
    }
    const hz = options.cpuHz ?? reader.metadata.tscHz;
    const choice = { foreign, fairness, pcpus: pcpus ?? result.recordedPcpus, seed, overlay, domain: domain ?? null };
    const document = whatIfDocument(path, traceIdentity(reader), hz, choice, result);
    await withText(output, context, async text => {
      if (format === 'json') await text.write(jsonDocument(document, 1));
      else if (format === 'csv') await writeRows(text, 'csv', CSV_COLUMNS, csvRows(document));
      else if (format === 'md') await writeRows(text, 'md', TABLE_COLUMNS, tableRows(document));
      else await writeWhatIfText(text, document);
    });
    if (output !== undefined) sayWritten(context, output, counted(document.rows.length, 'row'));
    if (report !== undefined) {
      const { whatIfPage } = await import('../whatif/whatif-page.js');
      const again = { ...wanted, onProgress: () => checkBudget() };
      const { section } = worst;
      const extras = {
        makespans: await makespansOf(reader, again, result.counts.sections),
        worst: section,
        moment: section === undefined ? [] : worstMoment(reader, again, section),
      };
      await withText(report, context, text => text.write(whatIfPage(document, extras)));
      sayWritten(context, report);
    }
    return EXIT.fine;
  });
};

/** Pcpus that the chart of makespans has. */
const SWEEP = [1, 2, 4, 8, 16, 32, 64];
/** Sections of all pcpus of an experiment, at most: beyond that it would take minutes. */
const MOST_SECTIONS = 20_000_000;

/** The makespan of some designs by number of pcpus. */
async function makespansOf(reader: TraceReader, options: WhatIfOptions, sections: number) {
  const disciplines = (['exclusive', 'rwlock', 'range-exclusive', 'range-rw', 'refuse'] as const).filter(
    one => options.disciplines?.includes(one) ?? true,
  );
  const found: { readonly name: string; readonly pcpus: number; readonly makespan: number }[] = [];
  for (const pcpus of SWEEP.filter(count => count * sections <= MOST_SECTIONS)) {
    const one = { granularities: ['2m'], upgrades: ['declare'], refusals: false } as const;
    const { rows } = await whatIfOnThreads(reader, { ...options, ...one, disciplines, pcpus });
    found.push(...rows.map(row => ({ name: designName(row), pcpus, makespan: row.makespan })));
  }
  return found;
}
