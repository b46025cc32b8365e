import type { CommandSpec } from '../command.js';
import { PLUGIN_OPTIONS } from '../options.js';
import { SHELLS } from '../shells.js';

/** The command line itself. */
export const SHELL_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'config',
    args: [],
    summary: 'say which configuration is in effect',
    more: 'Names the configuration and the plugins; --print has all settings, with defaults filled in.',
    options: [{ flags: '--print', help: 'print all settings as JSON' }, ...PLUGIN_OPTIONS],
    examples: ['p2mtrace config', 'p2mtrace config --print --config nightly.config.ts'],
    load: () => import('../commands/config.js'),
  },
  {
    name: 'completion',
    args: [['shell', SHELLS.join(', ')]],
    summary: 'print the script that completes command lines in a shell',
    more: 'Where to put it: p2mtrace help completion.',
    options: [],
    examples: ['p2mtrace completion bash > ~/.local/share/bash-completion/completions/p2mtrace'],
    load: () => import('../commands/completion.js'),
  },
  {
    name: 'help',
    args: [],
    optionalArgs: [['topic...', 'a command or a topic']],
    summary: 'explain a command or a topic',
    options: [],
    examples: ['p2mtrace help analyze', 'p2mtrace help positions'],
  },
];
