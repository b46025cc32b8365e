import { type TraceMetadata, TraceReader, type ValidationReport, validateTrace } from '@p2mtrace/trace-format';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { counted } from '../render/cell.js';
import { jsonDocument } from '../render/json.js';
import { Progress } from '../render/progress.js';
import { sayStrict } from '../strict.js';
import { visible } from '../text/visible.js';

interface Options {
  readonly format: string;
  readonly progress?: string;
}

export const run: Run<readonly [string], Options> = async ([path], { format, progress: when }, context) => {
  const { out } = context;
  const progress = new Progress(context, when, 'bytes');
  let report: ValidationReport;
  try {
    report = validateTrace(path, progress.update);
  } finally {
    progress.end();
  }
  const isStrictly = context.isStrict !== true || sayStrict(context, path, metadataOf(path));
  const code = report.whole && isStrictly ? EXIT.fine : EXIT.input;
  if (format === 'json') {
    await out.write(jsonDocument(report, 2));
    return code;
  }
  const what = `${counted(report.rows, 'event')}, ${counted(report.batches, 'record batch')}`;
  const verdict = report.whole ? out.style('green', 'whole') : out.style('red', 'damaged');
  await out.write(
    `${visible(path)}: ${verdict}: ${what}${report.checksummed ? '' : ', no checksums: contents not checked'}\n`,
  );
  for (const { code, what: problem, byte, batch } of report.problems) {
    const place = [
      ...(byte === undefined ? [] : [`byte 0x${byte.toString(16)}`]),
      ...(batch === undefined ? [] : [`batch ${batch}`]),
    ];
    await out.write(`  ${code}: ${visible(problem)}${place.length === 0 ? '' : ` (${place.join(', ')})`}\n`);
  }
  return code;
};

function metadataOf(path: string): TraceMetadata {
  const reader = TraceReader.open(path);
  reader.close();
  return reader.metadata;
}
