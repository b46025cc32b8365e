import { useEffect, useRef } from 'preact/hooks';
import { findings, SEVERITIES, told, witnesses } from '../data/findings.js';
import { goTo, overview, point, seq, traceHead, window_ } from '../data/store.js';
import { useEffectNow } from '../parts/use-effect-now.js';
import { secondsText, seqText } from '../text.js';

const COLOURS: Readonly<Record<string, string>> = { p2m: '--p2m', page: '--page', lock: '--lock', other: '--other' };
const TICKS = 14;
/** Pixels from a mark that still hit it. */
const NEAR = 5;

/** Time as a slider: what the trace has where, what was lost, what findings name. */
export function Timeline() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef(0);
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
      cancelAnimationFrame(frame.current);
      dark.removeEventListener('change', redraw);
    };
  }, []);
  useEffectNow(() => {
    [seq.value, window_.value, overview.value, witnesses.value, told.value];
    // Other views ask for what they need before anything is drawn.
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => {
      if (canvas.current !== null) draw(canvas.current);
    });
  });
  const { start, end } = traceHead.value!;
  const drag = (event: PointerEvent) => {
    const { left, width } = canvas.current!.getBoundingClientRect();
    const [low, high] = window_.value;
    goTo(low + (Math.min(Math.max(event.clientX - left, 0), width) / width) * (high - low));
  };
  /** Onto the mark under the pointer, if there is one, or else just there. */
  const press = (event: PointerEvent) => {
    const { left, top, width } = canvas.current!.getBoundingClientRect();
    const [low, high] = window_.value;
    const near = (at: number) => Math.abs(((at - low) / (high - low)) * width - (event.clientX - left));
    const found = SEVERITIES.flatMap(severity => witnesses.value[severity]);
    const marks = [...told.value.map(({ seq: of }) => of), ...found, ...(overview.value?.losses ?? [])];
    let best: number | undefined;
    for (const mark of marks) if (near(mark) < NEAR && (best === undefined || near(mark) < near(best))) best = mark;
    if (best === undefined || event.clientY - top > TICKS) drag(event);
    else goTo(best);
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
          press(event);
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
          {SEVERITIES.toReversed()
            .filter(severity => witnesses.value[severity].length > 0)
            .map(severity => (
              <span key={severity}>
                <i class={`dot of-${severity}`} /> {severity}
              </span>
            ))}
          {overview.value !== undefined &&
            findings.value.report === undefined &&
            findings.value.failed === undefined && <span>findings are being looked for…</span>}
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
  /** Many marks may be at one pixel. */
  const pixels = (seqs: readonly number[]) =>
    new Set(seqs.map(of => Math.round(x(of))).filter(at => at >= -4 && at <= width + 4));
  const own = overview.value;
  if (own !== undefined) {
    // The height is the rate; bins without one are low where others have one, and high where none has.
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
    for (const at of pixels(own.losses)) context.fillRect(at - 1, 0, 2, TICKS - 4);
  }
  for (const severity of SEVERITIES) {
    context.fillStyle = colour(`--${severity}`);
    for (const at of pixels(witnesses.value[severity])) triangle(context, at, 4, 9);
  }
  drawTold(context, x, width, height, colour);
  const at = x(seq.value);
  context.fillStyle = colour('--text');
  context.fillRect(at - 1, 0, 2, height);
  context.beginPath();
  context.arc(at, height - 5, 5, 0, 7);
  context.fill();
}

function triangle(context: CanvasRenderingContext2D, at: number, half: number, height: number): void {
  context.beginPath();
  context.moveTo(at - half, 0);
  context.lineTo(at + half, 0);
  context.lineTo(at, height);
  context.fill();
}

/** Witnesses of the story that is told, over the whole height, with their roles where there is room. */
function drawTold(
  context: CanvasRenderingContext2D,
  x: (seq: number) => number,
  width: number,
  height: number,
  colour: (name: string) => string,
): void {
  context.font = '11px system-ui, sans-serif';
  let free = 0;
  for (const { seq: of, role } of [...told.value].sort((a, b) => a.seq - b.seq)) {
    const at = x(of);
    if (at < -6 || at > width + 6) continue;
    context.fillStyle = colour('--error');
    triangle(context, at, 6, 12);
    context.fillRect(at - 0.75, 0, 1.5, height);
    const length = context.measureText(role).width + 6;
    const left = at + 8 + length > width ? at - 8 - length : at + 8;
    if (left < free) continue;
    context.fillStyle = colour('--back');
    context.fillRect(left, 1, length, 14);
    context.fillStyle = colour('--text');
    context.fillText(role, left + 3, 12);
    free = left + length;
  }
}
