import type { TraceMetadata } from '@p2mtrace/trace-format';
import type { Context } from './command.js';
import { visible } from './text/visible.js';

const SHOWN = 10;

/** With --strict, says what is wrong with a trace, and is false if anything is. */
export function sayStrict(context: Context, path: string, metadata: TraceMetadata): boolean {
  return sayDoubts(context, path, context.isStrict === true ? doubtsOf(metadata) : []);
}

/** The same for what `doubtsOf` has found before. */
export function sayDoubts(
  { isStrict, err }: Pick<Context, 'isStrict' | 'err'>,
  path: string,
  doubts: readonly string[],
) {
  if (isStrict !== true || doubts.length === 0) return true;
  err.say(`p2mtrace: P2M_STRICT: ${visible(doubtsLine(path, doubts))}\n`);
  return false;
}

/** `night.arrow: 3 places where Xen lost records; assumed: …`. */
export function doubtsLine(path: string, doubts: readonly string[]): string {
  const more = doubts.length > SHOWN ? `; and ${doubts.length - SHOWN} more` : '';
  return `${path}: ${doubts.slice(0, SHOWN).join('; ')}${more}`;
}

/** What --strict does not accept of a trace: losses, records that nobody knows, and guesses, each in a few words. */
export function doubtsOf({ health, counts = {}, assumed, piece }: TraceMetadata): string[] {
  const problems: string[] = [];
  const add = (count: number, what: string) => {
    if (count > 0) problems.push(`${count} ${what}`);
  };
  add(Math.max(counts.lost ?? 0, health?.lost.length ?? 0), 'places where Xen lost records');
  add(counts.unknown ?? 0, 'records that are not known or fit no kind');
  add(sum(Object.values(health?.ignoredById ?? {})), 'records of which something was ignored');
  add(health?.skippedBytes ?? 0, 'bytes that were skipped');
  if (health !== undefined && health.order.confidence !== 'exact') {
    problems.push(`the order between pcpus is ${health.order.confidence}`);
  }
  if (piece?.incomplete !== undefined) problems.push(`events of ${piece.incomplete.join(', ')} were left out`);
  return [...problems, ...(health?.problems ?? []), ...assumed.map(what => `assumed: ${what}`)];
}

const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);
