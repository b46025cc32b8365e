import { SEVERITIES, told, witnesses } from '../data/findings.js';
import { overview, seq, traceHead, window_ } from '../data/store.js';
import { themeColour } from '../theme.js';

const COLOURS: Readonly<Record<string, string>> = { p2m: '--p2m', page: '--page', lock: '--lock', other: '--other' };
/** Height of the marks at the top. */
export const TICKS = 14;

/** Draws the timeline: what the trace has, which is drawn anew only when that changes, and where one stands. */
export class TimelineDrawing {
  private readonly canvas: HTMLCanvasElement;
  private readonly back = document.createElement('canvas');
  /** What is drawn on `back`. */
  private drawn: readonly unknown[] = [];

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
  }

  draw(): void {
    const { canvas, back } = this;
    const ratio = devicePixelRatio;
    const { clientWidth: width, clientHeight: height } = canvas;
    fit(canvas, width * ratio, height * ratio);
    const wanted = [
      ...[width, height, ratio, themeColour('--text')],
      ...[traceHead.value, window_.value, overview.value, witnesses.value, told.value],
    ];
    if (wanted.some((one, i) => one !== this.drawn[i])) {
      this.drawn = wanted;
      fit(back, canvas.width, canvas.height);
      drawTrace(cleared(back, ratio), width, height);
    }
    const context = cleared(canvas, ratio);
    if (back.width > 0 && back.height > 0) context.drawImage(back, 0, 0, width, height);
    const [low, high] = window_.value;
    const at = ((seq.value - low) / (high - low)) * width;
    context.fillStyle = themeColour('--text');
    context.fillRect(at - 1, 0, 2, height);
    context.beginPath();
    context.arc(at, height - 5, 5, 0, 7);
    context.fill();
  }
}

function fit(canvas: HTMLCanvasElement, width: number, height: number): void {
  if (canvas.width !== Math.round(width)) canvas.width = Math.round(width);
  if (canvas.height !== Math.round(height)) canvas.height = Math.round(height);
}

function cleared(canvas: HTMLCanvasElement, ratio: number): CanvasRenderingContext2D {
  const context = canvas.getContext('2d')!;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

function drawTrace(context: CanvasRenderingContext2D, width: number, height: number): void {
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
        context.fillStyle = themeColour(COLOURS[name]);
        context.fillRect(left, top - part, Math.max(right - left + 0.5, 1), part);
        top -= part;
      }
    }
    context.fillStyle = themeColour('--loss');
    for (const at of pixels(own.losses)) context.fillRect(at - 1, 0, 2, TICKS - 4);
  }
  for (const severity of SEVERITIES) {
    context.fillStyle = themeColour(`--${severity}`);
    for (const at of pixels(witnesses.value[severity])) triangle(context, at, 4, 9);
  }
  drawTold(context, x, width, height);
}

function triangle(context: CanvasRenderingContext2D, at: number, half: number, height: number): void {
  context.beginPath();
  context.moveTo(at - half, 0);
  context.lineTo(at + half, 0);
  context.lineTo(at, height);
  context.fill();
}

/** Witnesses of the story that is told, over the whole height, with their roles where there is room. */
function drawTold(context: CanvasRenderingContext2D, x: (seq: number) => number, width: number, height: number): void {
  context.font = '11px system-ui, sans-serif';
  let free = 0;
  for (const { seq: of, role } of [...told.value].sort((a, b) => a.seq - b.seq)) {
    const at = x(of);
    if (at < -6 || at > width + 6) continue;
    context.fillStyle = themeColour('--error');
    triangle(context, at, 6, 12);
    context.fillRect(at - 0.75, 0, 1.5, height);
    const length = context.measureText(role).width + 6;
    const left = at + 8 + length > width ? at - 8 - length : at + 8;
    if (left < free) continue;
    context.fillStyle = themeColour('--back');
    context.fillRect(left, 1, length, 14);
    context.fillStyle = themeColour('--text');
    context.fillText(role, left + 3, 12);
    free = left + length;
  }
}
