import { useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { goTo, overview, point, seq, traceHead, window_, witnesses } from '../data/store.js';
import { secondsText, seqText } from '../text.js';

const COLOURS: Readonly<Record<string, string>> = { p2m: '--p2m', page: '--page', lock: '--lock', other: '--other' };
const TICKS = 14;

/** Time as a slider: what the trace has where, what was lost, what findings name. */
export function Timeline() {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current!;
    const observer = new ResizeObserver(() => draw(element));
    observer.observe(element.parentElement!);
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      zoomTime(2 ** (event.deltaY / 240), event.offsetX / element.clientWidth);
    };
    element.addEventListener('wheel', wheel, { passive: false });
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const redraw = () => draw(element);
    dark.addEventListener('change', redraw);
    return () => {
      observer.disconnect();
      dark.removeEventListener('change', redraw);
    };
  }, []);
  useSignalEffect(() => {
    [seq.value, window_.value, overview.value, witnesses.value];
    if (canvas.current !== null) draw(canvas.current);
  });
  const { start, end } = traceHead.value!;
  const drag = (event: PointerEvent) => {
    const { left, width } = canvas.current!.getBoundingClientRect();
    const [low, high] = window_.value;
    goTo(low + (Math.min(Math.max(event.clientX - left, 0), width) / width) * (high - low));
  };
  return (
    <div class="timeline">
      <canvas
        ref={canvas}
        tabIndex={0}
        role="slider"
        aria-label="Time"
        aria-valuemin={start}
        aria-valuemax={end}
        aria-valuenow={seq.value}
        aria-valuetext={`event ${seq.value}, ${secondsText(point.value?.seconds ?? null)}`}
        onPointerDown={event => {
          event.currentTarget.setPointerCapture(event.pointerId);
          drag(event);
        }}
        onPointerMove={event => {
          if (event.buttons === 1) drag(event);
        }}
      />
      <div class="ends" aria-hidden="true">
        <span>{seqText(Math.round(window_.value[0]))}</span>
        <span class="key">
          {overview.value?.groups.map(({ name }) => (
            <span key={name}>
              <i class={`dot ${name}`} /> {name}
            </span>
          ))}
          {overview.value !== undefined && overview.value.losses.length > 0 && (
            <span>
              <i class="dot loss" /> lost records
            </span>
          )}
          {witnesses.value.length > 0 && (
            <span>
              <i class="dot finding" /> findings
            </span>
          )}
        </span>
        <span>{seqText(Math.round(window_.value[1]))}</span>
      </div>
    </div>
  );
}

/** Shows more (over 1) or less of the trace; what is at a part of the width stays there. */
export function zoomTime(by: number, at?: number): void {
  const { start, end } = traceHead.value!;
  const [low, high] = window_.value;
  const part = at ?? (seq.value - low) / (high - low);
  const width = Math.min(Math.max((high - low) * by, 50), end - start);
  const middle = low + (high - low) * part;
  const first = Math.min(Math.max(middle - width * part, start), end - width);
  window_.value = [first, first + width];
}

function draw(canvas: HTMLCanvasElement): void {
  const ratio = devicePixelRatio;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d')!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(name);
  const { start, end } = traceHead.value!;
  const [low, high] = window_.value;
  const x = (at: number) => ((at - low) / (high - low)) * width;
  const own = overview.value;
  if (own !== undefined) {
    // The height is the rate where it is known, else that of a full bin.
    const known = own.rates.filter(rate => rate !== null);
    const most = Math.max(...known);
    const size = (end - start) / own.bins;
    for (let bin = 0; bin < own.bins; bin++) {
      const [left, right] = [x(start + bin * size), x(start + (bin + 1) * size)];
      if (right < 0 || left > width) continue;
      const all = own.groups.reduce((sum, { counts }) => sum + counts[bin], 0);
      const rate = own.rates[bin];
      const full =
        (height - TICKS) * (rate === null ? (known.length === 0 ? 0.9 : 0.1) : 0.15 + 0.85 * Math.sqrt(rate / most));
      let top = height;
      for (const { name, counts } of own.groups) {
        const part = all === 0 ? 0 : (counts[bin] / all) * full;
        context.fillStyle = colour(COLOURS[name]);
        context.fillRect(left, top - part, Math.max(right - left + 0.5, 1), part);
        top -= part;
      }
    }
    context.fillStyle = colour('--loss');
    for (const loss of own.losses) context.fillRect(x(loss) - 1, 0, 2, TICKS - 4);
  }
  context.fillStyle = colour('--finding');
  for (const witness of witnesses.value) {
    const at = x(witness);
    if (at < -4 || at > width + 4) continue;
    context.beginPath();
    context.moveTo(at - 4, 0);
    context.lineTo(at + 4, 0);
    context.lineTo(at, 9);
    context.fill();
  }
  const at = x(seq.value);
  context.fillStyle = colour('--text');
  context.fillRect(at - 1, 0, 2, height);
  context.beginPath();
  context.arc(at, height - 5, 5, 0, 7);
  context.fill();
}
