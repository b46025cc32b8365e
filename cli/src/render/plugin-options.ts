import { type Analyzer, optionsOf } from '@p2mtrace/analyzers';
import type { Terminal } from '../terminal.js';
import { jsonText } from './json.js';

/** What a plugin can be told, as `--plugin-option` takes it, with what holds now; nothing where it has no options. */
export function* optionLines(plugin: Analyzer, out: Terminal): Generator<string> {
  const { id, options } = plugin;
  if (options === undefined) return;
  const values = optionsOf(plugin);
  yield `${out.style('bold', id)}  options`;
  for (const [name, { description }] of Object.entries(options.shape)) {
    const value = values[name];
    const text = value === undefined ? 'not set' : typeof value === 'string' ? value : jsonText(value);
    yield `    --plugin-option ${id}.${name}=${text}${description === undefined ? '' : `\n        ${description}`}`;
  }
}
