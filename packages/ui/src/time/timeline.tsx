import { useEffect, useRef } from 'preact/hooks';
import { findings, SEVERITIES, told, witnesses } from '../data/findings.js';
import { goTo, overview, point, seq, traceHead, window_ } from '../data/store.js';
import { useEffectNow } from '../parts/use-effect-now.js';
import { secondsText, seqText } from '../text.js';
import { onTheme } from '../theme.js';
import { TICKS, TimelineDrawing } from './draw-timeline.js';

/** Pixels from a mark that still hit it. */
const NEAR = 5;

/** Time as a slider: what the trace has where, what was lost, what findings name. */
export function Timeline() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawing = useRef<TimelineDrawing | null>(null);
  const frame = useRef(0);
  useEffect(() => {
    const element = canvas.current!;
    const made = new TimelineDrawing(element);
    drawing.current = made;
    const redraw = () => made.draw();
    const observer = new ResizeObserver(redraw);
    observer.observe(element.parentElement!);
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      zoomTime(2 ** (event.deltaY / 240), event.offsetX / element.clientWidth);
    };
    element.addEventListener('wheel', wheel, { passive: false });
    const endTheme = onTheme(redraw);
    return () => {
      observer.disconnect();
      cancelAnimationFrame(frame.current);
      endTheme();
    };
  }, []);
  useEffectNow(() => {
    [seq.value, window_.value, overview.value, witnesses.value, told.value];
    // Other views ask for what they need before anything is drawn.
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => drawing.current?.draw());
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
