import { RULES, rulesOf } from '@p2mtrace/analyzers';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { loadPlugins, type PluginOptions } from '../plugins/load-plugins.js';
import { jsonDocument } from '../render/json.js';
import { optionLines } from '../render/plugin-options.js';
import { beliefText, needsText } from '../render/rule-text.js';
import { visible } from '../text/visible.js';

export const run: Run<readonly [], { readonly format: string } & PluginOptions> = async (_, options, { out }) => {
  const plugins = await loadPlugins(options);
  const rules = [...RULES, ...rulesOf(plugins)];
  if (options.format === 'json') {
    const rows = rules.map(
      ({ id, analyzer, title, severity, belief = null, confidence, policy = false, options, ...rule }) => {
        const { needs, refutedBy = [], doc } = rule;
        return { id, analyzer, title, severity, belief, confidence, policy, needs, refutedBy, doc, options };
      },
    );
    await out.write(jsonDocument({ rules: rows }, 2));
    return EXIT.fine;
  }
  for (const rule of rules) {
    const { id, title, severity, belief, policy, doc } = rule;
    const named = policy === true ? ' (a policy: runs only when it is named)' : '';
    await out.write(`${out.style('bold', visible(id))}  ${severity}: ${visible(title)}${named}\n`);
    if (belief !== undefined) await out.write(`    ${beliefText(belief)}\n`);
    await out.write(
      `    needs ${needsText(rule)}\n    ${doc
        .split(/\s*\n\s*/)
        .map(visible)
        .join('\n    ')}\n`,
    );
  }
  for (const plugin of plugins) for (const line of optionLines(plugin, out)) await out.write(`${visible(line)}\n`);
  return EXIT.fine;
};
