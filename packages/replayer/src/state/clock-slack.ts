import type { ImportHealth } from '@p2mtrace/trace-format';

/** Ticks by which TSCs of two pcpus may still be apart after their correction; 0 where none was needed. */
export function clockSlack(order: ImportHealth['order'] | undefined): number {
  const skew = order?.skew ?? [];
  // Where nothing bounds it, it may be as far again as was needed.
  const sides = skew.flatMap(({ ticks, least, most }) => [
    ticks - (least ?? ticks - Math.abs(ticks)),
    (most ?? ticks + Math.abs(ticks)) - ticks,
  ]);
  const most = Math.max(0, ...sides);
  return skew.length > 1 ? 2 * most : most;
}
