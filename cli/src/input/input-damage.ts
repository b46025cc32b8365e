import type { TraceMetadata } from '@p2mtrace/trace-format';
import { counted } from '../render/cell.js';
import type { Input } from './open-input.js';

/** What could not be read of an imported input, in one line; undefined if all of it was. */
export function inputDamage(input: Input, { health }: TraceMetadata): string | undefined {
  const damage = [
    ...input.problems,
    ...(health?.problems ?? []).filter(problem => /\bcut\b|skipped|damaged/.test(problem)),
  ];
  // If a file was not read to its end, the user stopped the import; a recording has no other end.
  if (input.source?.left === true && input.size !== undefined) damage.unshift('the input was not read to its end');
  const skipped = health?.skippedBytes ?? 0;
  if (damage.length === 0 && skipped === 0) return undefined;
  if (damage.length === 0) damage.push(`${counted(skipped, 'byte')} could not be read`);
  const more = damage.length > 3 ? `; and ${damage.length - 3} problems more` : '';
  return `P2M_INPUT_DAMAGED: ${damage.slice(0, 3).join('; ')}${more}`;
}
