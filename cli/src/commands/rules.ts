import { RULES, rulesOf } from '@p2mtrace/analyzers';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { loadPlugins, type PluginOptions } from '../plugins/load-plugins.js';
import { jsonText } from '../render/json.js';
import { beliefText, needsText } from '../render/rule-text.js';

export const run: Run<readonly [], { readonly format: string } & PluginOptions> = async (_, options, { out }) => {
  const rules = [...RULES, ...rulesOf(await loadPlugins(options))];
  if (options.format === 'json') {
    const rows = rules.map(
      ({ id, analyzer, title, severity, belief = null, confidence, policy = false, needs, doc }) => {
        return { id, analyzer, title, severity, belief, confidence, policy, needs, doc };
      },
    );
    await out.write(`${jsonText(rows, 2)}\n`);
    return EXIT.fine;
  }
  for (const { id, title, severity, belief, policy, needs, doc } of rules) {
    const named = policy === true ? ' (a policy: runs only when it is named)' : '';
    await out.write(`${out.style('bold', id)}  ${severity}: ${title}${named}\n`);
    if (belief !== undefined) await out.write(`    ${beliefText(belief)}\n`);
    await out.write(`    needs ${needsText(needs)}\n    ${doc.replace(/\s*\n\s*/g, '\n    ')}\n`);
  }
  return EXIT.fine;
};
