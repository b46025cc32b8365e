import type { Discipline, Fairness, Foreign, Granularity, OverlayKind, Upgrade } from '@p2mtrace/replayer';
import { whatIf } from '@p2mtrace/replayer';
import { checkOutputs } from '@p2mtrace/trace-format/output';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { type TraceSettings, withTrace } from '../open-trace.js';
import { withText } from '../output/text-output.js';
import { counted } from '../render/cell.js';
import { jsonDocument } from '../render/json.js';
import { Progress } from '../render/progress.js';
import { writeRows } from '../render/rows.js';
import { sayWritten } from '../render/written.js';
import { whatIfDocument } from '../whatif/whatif-document.js';
import { CSV_COLUMNS, csvRows, TABLE_COLUMNS, tableRows } from '../whatif/whatif-table.js';
import { writeWhatIfText } from '../whatif/whatif-text.js';

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
    let result: ReturnType<typeof whatIf>;
    try {
      result = whatIf(reader, { ...wanted, onProgress: shown.update });
    } finally {
      shown.end();
    }
    const hz = options.cpuHz ?? reader.metadata.tscHz;
    const choice = { foreign, fairness, pcpus: pcpus ?? result.recordedPcpus, seed, overlay, domain: domain ?? null };
    const document = whatIfDocument(path, hz, choice, result);
    await withText(output, context, async text => {
      if (format === 'json') await text.write(jsonDocument(document, 1));
      else if (format === 'csv') await writeRows(text, 'csv', CSV_COLUMNS, csvRows(document));
      else if (format === 'md') await writeRows(text, 'md', TABLE_COLUMNS, tableRows(document));
      else await writeWhatIfText(text, document);
    });
    if (output !== undefined) sayWritten(context, output, counted(document.rows.length, 'row'));
    return EXIT.fine;
  });
};
