import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Space, Thing } from '../api.js';
import { ask, latest } from '../data/ask.js';
import { camera, coloured, head, lookAt, seq, space, tell, thing, trace, traceHead } from '../data/store.js';
import { frameAt, placeOfFrame } from '../map/hilbert.js';
import { type LegendItem, type Painted, paint, type Scale } from '../map/paint.js';
import { type Area, type Picture, pictureOf, sideOf } from '../map/tiles.js';
import { domainText, hex } from '../text.js';
import { entryText } from './entry-text.js';

const OF_ENTRIES = ['type', 'access', 'owner', 'age', 'references', 'changes', 'generation'];
const OF_PAGES = ['owner', 'type', 'age', 'references', 'changes', 'generation'];
const LABELS: Readonly<Record<string, string>> = {
  generation: 'times allocated',
  age: 'age (last write)',
  changes: 'number of changes',
};
const GLOWS = [100, 1000, 10_000, 100_000];

const chosenSpace = (): Space | undefined => traceHead.value?.spaces.find(({ name }) => name === space.value);

/** The name of what is looked at, if a frame of this space is. */
const thingOf = ({ domid, view }: Space, frame: number): string =>
  domid === null ? `mfn ${hex(frame)}` : `gfn ${domid}:${hex(frame)}@${view}`;

function scaleOf(by: string, { domid }: Space): Scale {
  if (by === 'owner') {
    return { by, nameOf: value => (value === -2 ? 'free' : value < 0 ? 'nobody' : domainText(value)) };
  }
  const names =
    by === 'access' ? head.value!.accessTypes : domid === null ? traceHead.value!.pageTypes : head.value!.p2mTypes;
  if (by !== 'type' && by !== 'access') return { by };
  return { by, nameOf: value => names[value] ?? String(value) };
}

/** The p2m, or the machine's memory, as a map that can be walked. */
export function MapView() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const legend = useSignal<readonly LegendItem[]>([]);
  const glow = useSignal(1000);
  const under = useSignal<{ frame: number; text: string } | undefined>(undefined);
  const map = useRef<MapCanvas | undefined>(undefined);

  useEffect(() => {
    map.current = new MapCanvas(
      canvas.current!,
      items => {
        legend.value = items;
      },
      hovered => {
        under.value = hovered;
      },
    );
    return () => map.current?.close();
  }, []);
  useSignalEffect(() => {
    map.current?.show({ t: trace.value, seq: seq.value, space: chosenSpace(), by: coloured.value, glow: glow.value });
  });
  useSignalEffect(() => {
    camera.value;
    thing.value;
    map.current?.draw();
  });
  const own = chosenSpace();
  const choices = own?.domid === null ? OF_PAGES : OF_ENTRIES;
  return (
    <section class="map" aria-label="Map of frames">
      <div class="bar">
        <label>
          <span>memory</span>
          <select
            value={space.value}
            onChange={event => {
              space.value = event.currentTarget.value;
              camera.value = undefined;
            }}
          >
            {traceHead.value?.spaces.map(({ name, domid, view }) => (
              <option key={name} value={name}>
                {domid === null ? 'machine (mfn)' : `d${domid} ${view} (gfn)`}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>colour</span>
          <select value={coloured.value} onChange={event => (coloured.value = event.currentTarget.value)}>
            {choices.map(name => (
              <option key={name} value={name}>
                {LABELS[name] ?? name}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>glow</span>
          <select value={glow.value} onChange={event => (glow.value = Number(event.currentTarget.value))}>
            {GLOWS.map(events => (
              <option key={events} value={events}>
                last {events.toLocaleString('en')} events
              </option>
            ))}
          </select>
        </label>
        <div class="buttons">
          <button type="button" onClick={() => map.current?.zoom(2)} aria-label="zoom in">
            +
          </button>
          <button type="button" onClick={() => map.current?.zoom(0.5)} aria-label="zoom out">
            −
          </button>
          <button type="button" onClick={() => map.current?.fit()}>
            fit
          </button>
        </div>
      </div>
      <div class="canvas">
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: it has keys of its own */}
        <canvas
          ref={canvas}
          tabIndex={0}
          role="application"
          aria-label={`Map of ${space.value}: arrows move the mark, plus and minus zoom, Enter looks at the frame`}
          aria-describedby="map-under"
        />
      </div>
      <output id="map-under" class="under" aria-live="polite">
        {under.value === undefined
          ? 'Point at a frame, or move with the arrow keys; click or Enter looks at it.'
          : `${hex(under.value.frame)}  ${under.value.text}`}
      </output>
      <ul class="legend" aria-label="Legend">
        {legend.value.map(({ colour, name, cells }) => (
          <li key={name}>
            <span class="swatch" style={{ background: colour }} aria-hidden="true" />
            {name}
            {cells > 0 && <small> {cells.toLocaleString('en')} cells</small>}
          </li>
        ))}
        <li>
          <span class="swatch glow" aria-hidden="true" /> just written
        </li>
      </ul>
    </section>
  );
}

interface Shown {
  readonly t: number;
  readonly seq: number;
  readonly space: Space | undefined;
  readonly by: string;
  readonly glow: number;
}

/** The canvas: draws what it has at once, and asks for what it needs. */
class MapCanvas {
  private readonly canvas: HTMLCanvasElement;
  private readonly onLegend: (legend: readonly LegendItem[]) => void;
  private readonly onUnder: (under: { frame: number; text: string }) => void;
  private readonly observer: ResizeObserver;
  private shown: Shown | undefined;
  private picture: Picture | undefined;
  private painted: Painted | undefined;
  private readonly bitmap = document.createElement('canvas');
  private mark: number | undefined;
  private frame = 0;

  constructor(canvas: HTMLCanvasElement, onLegend: MapCanvas['onLegend'], onUnder: MapCanvas['onUnder']) {
    this.canvas = canvas;
    this.onLegend = onLegend;
    this.onUnder = onUnder;
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(canvas.parentElement!);
    canvas.addEventListener('wheel', this.onWheel, { passive: false });
    canvas.addEventListener('pointerdown', this.onPointer);
    canvas.addEventListener('pointermove', this.onHover);
    canvas.addEventListener('keydown', this.onKey);
  }

  close(): void {
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
  }

  show(shown: Shown): void {
    const isOther = shown.space?.name !== this.shown?.space?.name || shown.t !== this.shown?.t;
    this.shown = shown;
    if (isOther) {
      this.picture = undefined;
      this.painted = undefined;
      this.mark = undefined;
    }
    this.load(shown);
  }

  private readonly load = latest(async (shown: Shown) => {
    if (shown.space === undefined || this.canvas.clientWidth === 0) return;
    try {
      const { t, by, space } = shown;
      const picture = await pictureOf(space, this.area(), { t, seq: shown.seq, value: by });
      if (this.shown?.space !== space) return;
      this.picture = picture;
      this.painted = paint(picture, scaleOf(by, space), shown.glow, this.bitmap);
      this.onLegend(this.painted.legend);
      this.paintNow();
      this.canvas.dataset.drawn = String(picture.seq);
    } catch (error) {
      tell(error);
    }
  });

  /** What the camera sees, in frames. */
  private area(): Area {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const [x, y, scale] = camera.peek() ?? this.fitting();
    return { x: x - width / 2 / scale, y: y - height / 2 / scale, width: width / scale, height: height / scale, scale };
  }

  /** All that most frames are in. */
  private fitting(): readonly [number, number, number] {
    const own = this.shown?.space;
    if (own === undefined) return [0, 0, 1];
    // The square of 4^k frames, or two of them beside each other.
    const side = Math.min(2 ** Math.ceil(Math.log2(own.most) / 2), sideOf(own));
    const scale = Math.min(this.canvas.clientWidth, this.canvas.clientHeight) / side;
    return [side / 2, side / 2, scale];
  }

  fit(): void {
    camera.value = undefined;
    this.reload();
  }

  /** Around a point of the canvas, or its middle. */
  zoom(by: number, at?: readonly [number, number]): void {
    const { clientWidth, clientHeight } = this.canvas;
    const [px, py] = at ?? [clientWidth / 2, clientHeight / 2];
    const { x, y, scale } = this.area();
    const least =
      Math.min(clientWidth, clientHeight) / (this.shown?.space === undefined ? 1 : sideOf(this.shown.space)) / 2;
    const next = Math.min(Math.max(scale * by, least), 64);
    const [fx, fy] = [x + px / scale, y + py / scale];
    camera.value = [fx - (px - clientWidth / 2) / next, fy - (py - clientHeight / 2) / next, next];
    this.reload();
  }

  private pan(dx: number, dy: number): void {
    const [x, y, scale] = camera.peek() ?? this.fitting();
    camera.value = [x - dx / scale, y - dy / scale, scale];
    this.reload();
  }

  private reload(): void {
    this.draw();
    if (this.shown !== undefined) this.load(this.shown);
  }

  private resize(): void {
    const ratio = devicePixelRatio;
    this.canvas.width = Math.round(this.canvas.clientWidth * ratio);
    this.canvas.height = Math.round(this.canvas.clientHeight * ratio);
    this.reload();
  }

  /** In the next frame of the screen. */
  draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paintNow());
  }

  private paintNow(): void {
    const { canvas, picture, painted } = this;
    const context = canvas.getContext('2d');
    if (context === null || this.shown?.space === undefined) return;
    const ratio = devicePixelRatio;
    const { x, y, scale } = this.area();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
    context.imageSmoothingEnabled = false;
    const style = getComputedStyle(canvas);
    const side = sideOf(this.shown.space);
    // What nothing is known of, against what no frame is.
    context.fillStyle = style.getPropertyValue('--back');
    context.fillRect(-x * scale, -y * scale, side * scale, side * scale);
    if (picture !== undefined && painted !== undefined) {
      const [left, top] = [(picture.x - x) * scale, (picture.y - y) * scale];
      const cell = picture.size * scale;
      context.drawImage(painted.bitmap, left, top, picture.columns * cell, picture.rows * cell);
    }
    context.strokeStyle = style.getPropertyValue('--line');
    context.strokeRect(-x * scale, -y * scale, side * scale, side * scale);
    this.outline(context, this.looked(), style.getPropertyValue('--accent'), 3);
    this.outline(context, this.mark, style.getPropertyValue('--text'), 1.5);
  }

  /** The frame that is looked at, if it is of this space. */
  private looked(): number | undefined {
    const { domid, view } = this.shown!.space!;
    const text = thing.peek();
    if (domid === null) return /^mfn /.test(text) ? Number(text.slice(4)) : undefined;
    const [, of, gfn, name = 'host'] = /^gfn (\d+):(\w+)(?:@(.+))?$/.exec(text) ?? [];
    return Number(of) === domid && name === view ? Number(gfn) : undefined;
  }

  private outline(context: CanvasRenderingContext2D, frame: number | undefined, colour: string, width: number): void {
    if (frame === undefined || Number.isNaN(frame)) return;
    const at = { x: 0, y: 0 };
    placeOfFrame(sideOf(this.shown!.space!), frame, at);
    const { x, y, scale } = this.area();
    const size = Math.max(scale, 9);
    const [left, top] = [(at.x + 0.5 - x) * scale - size / 2, (at.y + 0.5 - y) * scale - size / 2];
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.strokeRect(left, top, size, size);
    context.lineWidth = 1;
  }

  private frameUnder(event: PointerEvent | WheelEvent): number | undefined {
    const own = this.shown?.space;
    if (own === undefined) return undefined;
    const { x, y, scale } = this.area();
    const [fx, fy] = [Math.floor(x + event.offsetX / scale), Math.floor(y + event.offsetY / scale)];
    const side = sideOf(own);
    return fx < 0 || fy < 0 || fx >= side || fy >= side ? undefined : frameAt(side, fx, fy);
  }

  private readonly onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    this.zoom(2 ** (-event.deltaY / 240), [event.offsetX, event.offsetY]);
  };

  private readonly onPointer = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const { canvas } = this;
    const from = { x: event.clientX, y: event.clientY };
    const frame = this.frameUnder(event);
    let last = from;
    let moved = false;
    canvas.setPointerCapture(event.pointerId);
    const move = (now: PointerEvent) => {
      moved ||= Math.hypot(now.clientX - from.x, now.clientY - from.y) > 4;
      if (moved) this.pan(now.clientX - last.x, now.clientY - last.y);
      last = { x: now.clientX, y: now.clientY };
    };
    const up = () => {
      canvas.removeEventListener('pointermove', move);
      if (!moved && frame !== undefined) this.pin(frame);
    };
    canvas.addEventListener('pointermove', move);
    canvas.addEventListener('pointerup', up, { once: true });
    canvas.addEventListener('pointercancel', () => canvas.removeEventListener('pointermove', move), { once: true });
  };

  private readonly onHover = (event: PointerEvent): void => {
    const frame = this.frameUnder(event);
    if (frame !== undefined && event.buttons === 0) this.tellUnder(frame);
  };

  private pin(frame: number): void {
    this.mark = frame;
    lookAt(thingOf(this.shown!.space!, frame));
  }

  private readonly tellUnder = latest(async (frame: number) => {
    const { space: own, t, seq: at } = this.shown!;
    try {
      const found = await ask<Thing>('thing', { t, seq: at, thing: thingOf(own!, frame) });
      this.onUnder({ frame, text: entryText(found) });
    } catch (error) {
      tell(error);
    }
  });

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) {
      if (event.key !== '+') return;
    }
    const own = this.shown?.space;
    if (own === undefined) return;
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const move = moves[event.key];
    if (move !== undefined) this.moveMark(own, move);
    else if (event.key === '+' || event.key === '=') this.zoomToMark(2);
    else if (event.key === '-') this.zoomToMark(0.5);
    else if (event.key === 'Enter' || event.key === ' ') this.pin(this.mark ?? 0);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  /** By a cell of the picture. */
  private moveMark(own: Space, [dx, dy]: readonly [number, number]): void {
    const side = sideOf(own);
    const at = { x: 0, y: 0 };
    placeOfFrame(side, this.mark ?? this.looked() ?? 0, at);
    const size = this.picture?.size ?? 1;
    const inside = (value: number) => Math.min(Math.max(value, 0), side - 1);
    this.mark =
      this.mark === undefined
        ? (this.looked() ?? 0)
        : frameAt(side, inside(at.x + dx * size), inside(at.y + dy * size));
    this.tellUnder(this.mark);
    this.draw();
  }

  private zoomToMark(by: number): void {
    if (this.mark === undefined) {
      this.zoom(by);
      return;
    }
    const at = { x: 0, y: 0 };
    placeOfFrame(sideOf(this.shown!.space!), this.mark, at);
    const { x, y, scale } = this.area();
    this.zoom(by, [(at.x + 0.5 - x) * scale, (at.y + 0.5 - y) * scale]);
  }
}
