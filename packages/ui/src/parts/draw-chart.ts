import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Series } from './series.js';

const HEIGHT = 190;
/** Steps between the ticks of whole numbers. */
const WHOLE = Array.from({ length: 16 }, (_, power) => [1, 2, 5].map(step => step * 10 ** power)).flat();
const COLOURS = ['#4e79a7', '#f28e2b', '#59a14f', '#e15759', '#b07aa1', '#76b7b2'];

/** Draws into an element, as wide as that is; returns how to end it. */
export function drawChart(
  element: HTMLElement,
  x: readonly number[],
  over: string,
  series: readonly Series[],
): () => void {
  const style = getComputedStyle(element);
  const [text, line] = [style.getPropertyValue('--text'), style.getPropertyValue('--line')];
  // Nothing is between two events or two pcpus.
  const whole = x.every(Number.isInteger) ? { incrs: WHOLE } : {};
  const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  const plot = new UPlot(
    {
      width: Math.max(element.clientWidth, 280),
      height: HEIGHT,
      scales: { x: { time: false } },
      axes: [
        { ...axis, ...whole },
        { ...axis, size: 70 },
      ],
      series: [
        { label: over },
        ...series.map(({ label }, i) => ({
          label,
          stroke: COLOURS[i % COLOURS.length],
          width: 1.5,
          points: { show: x.length < 40 },
        })),
      ],
    },
    [[...x], ...series.map(({ values }) => [...values])],
    element,
  );
  const observer = new ResizeObserver(() =>
    plot.setSize({ width: Math.max(element.clientWidth, 280), height: HEIGHT }),
  );
  observer.observe(element);
  return () => {
    observer.disconnect();
    plot.destroy();
  };
}
