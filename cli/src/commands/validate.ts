import { validateTrace } from '@p2mtrace/trace-format';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { counted } from '../render/cell.js';
import { jsonDocument } from '../render/json.js';

export const run: Run<readonly [string], { readonly format: string }> = async ([path], { format }, { out }) => {
  const report = validateTrace(path);
  if (format === 'json') {
    await out.write(jsonDocument(report, 2));
    return report.whole ? EXIT.fine : EXIT.input;
  }
  const what = `${counted(report.rows, 'event')}, ${counted(report.batches, 'record batch')}`;
  const verdict = report.whole ? out.style('green', 'whole') : out.style('red', 'damaged');
  await out.write(`${path}: ${verdict}: ${what}${report.checksummed ? '' : ', no checksums: contents not checked'}\n`);
  for (const { code, what: problem, byte, batch } of report.problems) {
    const place = [
      ...(byte === undefined ? [] : [`byte 0x${byte.toString(16)}`]),
      ...(batch === undefined ? [] : [`batch ${batch}`]),
    ];
    await out.write(`  ${code}: ${problem}${place.length === 0 ? '' : ` (${place.join(', ')})`}\n`);
  }
  return report.whole ? EXIT.fine : EXIT.input;
};
