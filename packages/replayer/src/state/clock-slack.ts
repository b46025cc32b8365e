import type { ImportHealth } from '@p2mtrace/trace-format';

/** Ticks by which TSCs of two pcpus may still be apart after correction; 0 if none was needed. */
export function clockSlack(order: ImportHealth['order'] | undefined): number {
  const skew = order?.skew ?? [];
  // With no bound, the error may be as large again as the correction.
  const sides = skew.flatMap(({ ticks, least, most }) => [
    ticks - (least ?? ticks - Math.abs(ticks)),
    (most ?? ticks + Math.abs(ticks)) - ticks,
  ]);
  const most = Math.max(0, ...sides);
  return skew.length > 1 ? 2 * most : most;
}
