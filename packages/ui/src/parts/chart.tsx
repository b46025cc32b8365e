import { useEffect, useRef } from 'preact/hooks';
import type { Series } from './series.js';

/** A chart of numbers over numbers; the library comes when the first is shown. */
export function Chart({
  x,
  over,
  series,
  label,
}: {
  readonly x: readonly number[];
  /** What x is. */
  readonly over: string;
  readonly series: readonly Series[];
  readonly label: string;
}) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let closed = false;
    let close = () => {};
    void import('./draw-chart.js').then(({ drawChart }) => {
      if (!closed && place.current !== null) close = drawChart(place.current, x, over, series);
    });
    return () => {
      closed = true;
      close();
    };
  }, [x, series]);
  return <div ref={place} class="chart" role="img" aria-label={label} />;
}
