import { optionsOf } from '@p2mtrace/analyzers';
import { resolveOptions } from '../audit/audit-options.js';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { auditConfig, configPath } from '../plugins/configuration.js';
import { loadPlugins, type PluginOptions, tookPart } from '../plugins/load-plugins.js';
import { jsonDocument } from '../render/json.js';
import { optionLines } from '../render/plugin-options.js';

interface Options extends PluginOptions {
  readonly print?: boolean;
}

export const run: Run<readonly [], Options> = async (_, options, { out }) => {
  const configuration = configPath(options.config) ?? null;
  const plugins = await loadPlugins(options);
  if (options.print === true) {
    const audit = await auditConfig(options.config);
    const settings = {
      configuration,
      files: (await tookPart(options)).files,
      plugins: plugins.map(plugin => ({ id: plugin.id, options: optionsOf(plugin) })),
      audit: { ...audit, ...resolveOptions(audit) },
    };
    await out.write(jsonDocument(settings, 2));
    return EXIT.fine;
  }
  await out.write(configuration === null ? 'no configuration: the defaults apply\n' : `${configuration}\n`);
  for (const plugin of plugins) {
    await out.write(`plugin ${plugin.id}\n`);
    for (const line of optionLines(plugin, out)) await out.write(`${line}\n`);
  }
  return EXIT.fine;
};
