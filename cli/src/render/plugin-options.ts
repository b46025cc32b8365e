import { type Analyzer, optionsOf } from '@p2mtrace/analyzers';
import type { Terminal } from '../terminal.js';
import { jsonText } from './json.js';

/** The options of a plugin, as in `--plugin-option`, with their current values; empty if it has none. */
export function* optionLines(plugin: Analyzer, out: Terminal): Generator<string> {
  const { id, options } = plugin;
  if (options === undefined) return;
  const values = optionsOf(plugin);
  yield `${out.style('bold', id)}  options`;
  for (const [name, { description }] of Object.entries(options.shape)) {
    const value = values[name];
    const text = value === undefined ? 'not set' : typeof value === 'string' ? value : jsonText(value);
    yield `    --plugin-option ${id}.${name}=${text}`;
    if (description !== undefined) yield `        ${description}`;
  }
}
