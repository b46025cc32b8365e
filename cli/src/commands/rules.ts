import { RULES } from '@p2mtrace/analyzers';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { jsonText } from '../render/json.js';

export const run: Run<readonly [], { readonly format: string }> = async (_, { format }, { out }) => {
  const rules = RULES.map(({ id, analyzer, title, severity, needs, doc }) => ({
    id,
    analyzer,
    title,
    severity,
    needs,
    doc,
  }));
  if (format === 'json') {
    await out.write(`${jsonText(rules, 2)}\n`);
    return EXIT.fine;
  }
  for (const { id, title, severity, needs, doc } of rules) {
    await out.write(`${out.style('bold', id)}  ${severity}: ${title}\n`);
    await out.write(
      `    needs ${needs.map(need => need.replaceAll('|', ' or ')).join(', ')}\n    ${doc.replace(/\s*\n\s*/g, '\n    ')}\n`,
    );
  }
  return EXIT.fine;
};
