import { type ErrorPlace, P2mError, suggestion } from '@p2mtrace/trace-format';
import type { Parameters } from '../sql/query-result.js';
import type { Analyzer } from './define-analyzer.js';
import type { OptionField, OptionSchema, OptionValues } from './option-schema.js';

/** One option that somebody sets. */
export interface OptionSetting {
  /** Id of the analyzer. */
  readonly plugin: string;
  readonly key: string;
  readonly value: unknown;
  /** The file that says so; undefined for the command line, whose values are text. */
  readonly file: string | undefined;
}

/**
 * Plugins with their options set; of two settings of one option the later holds.
 * @throws P2mError P2M_PLUGIN_OPTION (usage) for a plugin or option that there is not, a value that does not fit, and
 *   an option that needs a value and has none
 */
export function configurePlugins(plugins: readonly Analyzer[], settings: readonly OptionSetting[]): Analyzer[] {
  for (const setting of settings) checkNames(plugins, setting);
  return plugins.map(plugin => {
    const own = settings.filter(setting => setting.plugin === plugin.id);
    return plugin.options === undefined ? plugin : { ...plugin, optionValues: parsed(plugin, plugin.options, own) };
  });
}

/** What an analyzer's options are. @throws P2mError P2M_PLUGIN_OPTION (usage) where one has no value and needs one */
export function optionsOf(analyzer: Analyzer): OptionValues {
  const { options, optionValues } = analyzer;
  return optionValues ?? (options === undefined ? {} : parsed(analyzer, options, []));
}

/** Those that SQL can be given as `$name`. */
export function sqlParameters(options: OptionValues): Parameters {
  const scalars = Object.entries(options).filter(([, value]) =>
    ['bigint', 'number', 'string', 'boolean'].includes(typeof value),
  );
  return Object.fromEntries(scalars) as Parameters;
}

function checkNames(plugins: readonly Analyzer[], setting: OptionSetting): void {
  const ids = plugins.map(({ id }) => id);
  const plugin = plugins.find(({ id }) => id === setting.plugin);
  if (plugin === undefined) {
    const what = `there is no plugin ${setting.plugin}${suggestion(setting.plugin, ids)}`;
    throw refusal(what, setting, ids.length === 0 ? 'name its module with --plugin' : `one of ${ids.join(', ')}`);
  }
  const keys = Object.keys(plugin.options?.shape ?? {});
  if (keys.includes(setting.key)) return;
  const what = `${plugin.id} has no option ${setting.key}${suggestion(setting.key, keys)}`;
  throw refusal(what, setting, keys.length === 0 ? 'leave it out: it has none' : `one of ${keys.join(', ')}`);
}

function parsed({ id }: Analyzer, schema: OptionSchema, settings: readonly OptionSetting[]): OptionValues {
  const given = settings.map(({ key, value, file }) => {
    return [key, file === undefined ? fromText(schema.shape[key], String(value)) : value] as const;
  });
  const result = schema.safeParse(Object.fromEntries(given));
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  const key = String(path[0] ?? '');
  const set = settings.findLast(setting => setting.key === key);
  const what = `${path.map(String).join('.')}${set === undefined ? '' : ` = ${String(set.value)}`}: ${message}`;
  throw refusal(`an option of ${id} does not fit: ${what}`, set ?? { plugin: id, key }, 'p2mtrace rules lists options');
}

/** Text stays text where the option takes it; else it is a number (decimal or 0x…), or JSON. */
function fromText(field: OptionField, text: string): unknown {
  if (field.safeParse(text).success) return text;
  if (/^0x[0-9a-f]+$/i.test(text)) return Number(text);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function refusal(
  what: string,
  at: Pick<OptionSetting, 'plugin' | 'key'> & { file?: string | undefined },
  remedy: string,
) {
  const field = `${at.plugin}.${at.key}`;
  const place: ErrorPlace = at.file === undefined ? { field } : { file: at.file, field };
  return new P2mError('P2M_PLUGIN_OPTION', what, { blame: 'usage', place, remedy });
}
