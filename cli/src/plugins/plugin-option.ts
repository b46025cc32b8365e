import type { OptionSetting } from '@p2mtrace/analyzers';
import { InvalidArgumentError } from 'commander';

/** `acme/hot-gfn.writes=50`. @throws InvalidArgumentError */
export function parsePluginOption(text: string): OptionSetting {
  const [, plugin, key, value] = /^([^.=]+)\.([^.=]+)=(.*)$/s.exec(text) ?? [];
  if (plugin === undefined) throw new InvalidArgumentError('Expected NAME.KEY=VALUE, such as acme/hot-gfn.writes=50.');
  return { plugin, key, value, file: undefined };
}
