import type { Signal } from '@preact/signals';
import type { Space, Thing } from '../api.js';
import { ask, latest } from '../data/ask.js';
import { head, lookAt, tell, thing } from '../data/store.js';
import { domainText, hex } from '../text.js';
import { onTheme, themeColour } from '../theme.js';
import {
  type Area,
  areaOf,
  type Camera,
  fitting,
  frameBeside,
  frameUnder,
  middleOf,
  panned,
  type Size,
  zoomed,
} from './camera.js';
import { entryText } from './entry-text.js';
import { type LegendItem, type Painted, paint, type Scale } from './paint.js';
import { type Picture, pictureOf, sideOf } from './tiles.js';

/** The name of what is looked at, if a frame of this space is. */
const thingOf = ({ domid, view }: Space, frame: number): string =>
  domid === null ? `mfn ${hex(frame)}` : `gfn ${domid}:${hex(frame)}@${view}`;

function scaleOf(by: string, { domid }: Space, t: number): Scale {
  if (by === 'owner') {
    return { by, nameOf: value => (value === -2 ? 'free' : value < 0 ? 'nobody' : domainText(value)) };
  }
  const names =
    by === 'access' ? head.value!.accessTypes : domid === null ? head.value!.traces[t].pageTypes : head.value!.p2mTypes;
  if (by !== 'type' && by !== 'access') return { by };
  return { by, nameOf: value => names[value] ?? String(value) };
}

/** What a map shows. */
export interface Shown {
  readonly t: number;
  readonly seq: number;
  readonly space: Space | undefined;
  readonly by: string;
  readonly glow: number;
}

/** The frame under the pointer or the mark, and its state. */
export interface Under {
  readonly frame: number;
  readonly text: string;
}

export interface MapListeners {
  readonly onLegend: (legend: readonly LegendItem[]) => void;
  /** Undefined where another map is shown. */
  readonly onUnder: (under: Under | undefined) => void;
  readonly onPicture?: (picture: Picture) => void;
}

/** The canvas: draws what it has at once, and asks for what it needs. Maps with the same camera move together. */
export class MapCanvas {
  private readonly canvas: HTMLCanvasElement;
  private readonly camera: Signal<Camera | undefined>;
  private readonly listeners: MapListeners;
  private readonly observer: ResizeObserver;
  private readonly endTheme = onTheme(() => this.draw());
  private shown: Shown | undefined;
  private picture: Picture | undefined;
  private other: Picture | undefined;
  private painted: Painted | undefined;
  /** What the picture was asked for. */
  private loaded = '';
  private readonly bitmap = document.createElement('canvas');
  private mark: number | undefined;
  /** The frame under the pointer or the mark, and when it was told what it is. */
  private told: { readonly frame: number; readonly seq: number } | undefined;
  private frame = 0;

  constructor(canvas: HTMLCanvasElement, camera: Signal<Camera | undefined>, listeners: MapListeners) {
    this.canvas = canvas;
    this.camera = camera;
    this.listeners = listeners;
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(canvas.parentElement!);
    canvas.addEventListener('wheel', this.onWheel, { passive: false });
    canvas.addEventListener('pointerdown', this.onPointer);
    canvas.addEventListener('pointermove', this.onHover);
    canvas.addEventListener('keydown', this.onKey);
  }

  close(): void {
    this.observer.disconnect();
    this.endTheme();
    cancelAnimationFrame(this.frame);
  }

  show(shown: Shown): void {
    const isOtherGlow = shown.glow !== this.shown?.glow;
    const isOther = shown.space?.name !== this.shown?.space?.name || shown.t !== this.shown?.t;
    this.shown = shown;
    if (isOther) {
      this.picture = undefined;
      this.painted = undefined;
      this.mark = undefined;
      this.told = undefined;
      this.loaded = '';
      this.listeners.onUnder(undefined);
    }
    if (isOtherGlow) this.repaint();
    this.load(shown);
  }

  private readonly load = latest(async (shown: Shown) => {
    if (shown.space === undefined || this.canvas.clientWidth === 0) return;
    try {
      const { t, by, space } = shown;
      const area = this.area();
      const wanted = [t, shown.seq, space.name, by, ...Object.values(area)].join(' ');
      if (wanted === this.loaded) return;
      const picture = await pictureOf(space, area, { t, seq: shown.seq, value: by });
      if (this.shown?.space !== space) return;
      this.loaded = wanted;
      this.picture = picture;
      this.repaint();
      this.listeners.onPicture?.(picture);
      this.canvas.dataset.drawn = String(picture.seq);
      // What stands there under the pointer may have changed, too.
      if (this.told !== undefined && this.told.seq !== picture.seq) this.tellUnder(this.told.frame);
    } catch (error) {
      tell(error);
    }
  });

  /** Pales what is the same in another picture of the same place. */
  compareWith(other: Picture | undefined): void {
    this.other = other;
    if (this.picture !== undefined) this.repaint();
  }

  private repaint(): void {
    const { picture, shown, other } = this;
    if (picture === undefined || shown?.space === undefined) return;
    this.painted = paint(picture, scaleOf(shown.by, shown.space, shown.t), shown.glow, this.bitmap, other);
    this.listeners.onLegend(this.painted.legend);
    this.paintNow();
  }

  private get size(): Size {
    return { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
  }

  private get side(): number {
    return this.shown?.space === undefined ? 1 : sideOf(this.shown.space);
  }

  /** What was chosen, or else all that most frames are in. */
  private get seen(): Camera {
    return this.camera.peek() ?? fitting(this.shown?.space?.most ?? 1, this.side, this.size);
  }

  private area(): Area {
    return areaOf(this.seen, this.size);
  }

  fit(): void {
    this.camera.value = undefined;
  }

  /** Around a point of the canvas, or its middle. */
  zoom(by: number, at?: readonly [number, number]): void {
    this.camera.value = zoomed(this.seen, this.size, this.side, by, at);
  }

  /** Draws what is there at once, and asks for what the camera now sees. */
  reload(): void {
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
    const { side } = this;
    // What nothing is known of, against what no frame is.
    context.fillStyle = themeColour('--back');
    context.fillRect(-x * scale, -y * scale, side * scale, side * scale);
    if (picture !== undefined && painted !== undefined) {
      const [left, top] = [(picture.x - x) * scale, (picture.y - y) * scale];
      const cell = picture.size * scale;
      context.drawImage(painted.bitmap, left, top, picture.columns * cell, picture.rows * cell);
    }
    context.strokeStyle = themeColour('--line');
    context.strokeRect(-x * scale, -y * scale, side * scale, side * scale);
    this.outline(context, this.looked(), themeColour('--accent'), 3);
    this.outline(context, this.mark, themeColour('--text'), 1.5);
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
    const middle = frame === undefined ? undefined : middleOf(this.seen, this.size, this.side, frame);
    if (middle === undefined) return;
    const size = Math.max(this.seen[2], 9);
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.strokeRect(middle[0] - size / 2, middle[1] - size / 2, size, size);
    context.lineWidth = 1;
  }

  private frameAt({ offsetX, offsetY }: PointerEvent): number | undefined {
    if (this.shown?.space === undefined) return undefined;
    return frameUnder(this.seen, this.size, this.side, offsetX, offsetY);
  }

  private readonly onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    this.zoom(2 ** (-event.deltaY / 240), [event.offsetX, event.offsetY]);
  };

  private readonly onPointer = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const { canvas } = this;
    const from = { x: event.clientX, y: event.clientY };
    const frame = this.frameAt(event);
    let last = from;
    let moved = false;
    canvas.setPointerCapture(event.pointerId);
    const move = (now: PointerEvent) => {
      moved ||= Math.hypot(now.clientX - from.x, now.clientY - from.y) > 4;
      if (moved) this.camera.value = panned(this.seen, now.clientX - last.x, now.clientY - last.y);
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
    const frame = this.frameAt(event);
    if (frame !== undefined && event.buttons === 0) this.tellUnder(frame);
  };

  private pin(frame: number): void {
    this.mark = frame;
    lookAt(thingOf(this.shown!.space!, frame));
  }

  private readonly tellUnder = latest(async (frame: number) => {
    const { space: own, t, seq } = this.shown!;
    this.told = { frame, seq };
    try {
      const found = await ask<Thing>('thing', { t, seq, thing: thingOf(own!, frame) });
      // Another map may be shown by now.
      if (this.shown?.space === own && this.shown?.t === t) this.listeners.onUnder({ frame, text: entryText(found) });
    } catch (error) {
      tell(error);
    }
  });

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) {
      if (event.key !== '+') return;
    }
    if (this.shown?.space === undefined) return;
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const move = moves[event.key];
    if (move !== undefined) this.moveMark(move);
    else if (event.key === '+' || event.key === '=') this.zoomToMark(2);
    else if (event.key === '-') this.zoomToMark(0.5);
    else if (event.key === 'Enter' || event.key === ' ') this.pin(this.mark ?? 0);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  /** By a cell of the picture. */
  private moveMark(by: readonly [number, number]): void {
    const looked = this.looked() ?? 0;
    const first = looked < this.side ** 2 ? looked : 0;
    this.mark = this.mark === undefined ? first : frameBeside(this.side, this.mark, by, this.picture?.size ?? 1);
    this.tellUnder(this.mark);
    this.draw();
  }

  private zoomToMark(by: number): void {
    this.zoom(by, this.mark === undefined ? undefined : middleOf(this.seen, this.size, this.side, this.mark));
  }
}
