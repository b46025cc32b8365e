import { frameAt, placeOfFrame } from './hilbert.js';

/** What is in the middle, in frames of the curve, and pixels of a frame. */
export type Camera = readonly [x: number, y: number, scale: number];

/** Pixels of a canvas. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What a camera sees, in frames. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Pixels of a frame. */
  readonly scale: number;
}

/** Pixels of the largest frame. */
const MOST_SCALE = 64;

export function areaOf([x, y, scale]: Camera, { width, height }: Size): Area {
  const [across, down] = [width / scale, height / scale];
  return { x: x - across / 2, y: y - down / 2, width: across, height: down, scale };
}

/** Sees the first `most` frames (a power of two): the square of 4^k frames, or two of them beside each other. */
export function fitting(most: number, side: number, { width, height }: Size): Camera {
  const shown = Math.min(2 ** Math.ceil(Math.log2(most) / 2), side);
  return [shown / 2, shown / 2, Math.min(width, height) / shown];
}

/** Sees more (below 1) or less; what is at a point of the canvas, or in its middle, stays there. */
export function zoomed(camera: Camera, size: Size, side: number, by: number, at?: readonly [number, number]): Camera {
  const { width, height } = size;
  const [px, py] = at ?? [width / 2, height / 2];
  const { x, y, scale } = areaOf(camera, size);
  const least = Math.min(width, height) / side / 2;
  const next = Math.min(Math.max(scale * by, least), MOST_SCALE);
  const [fx, fy] = [x + px / scale, y + py / scale];
  return [fx - (px - width / 2) / next, fy - (py - height / 2) / next, next];
}

/** Drags what is seen by so many pixels. */
export const panned = ([x, y, scale]: Camera, dx: number, dy: number): Camera => [
  x - dx / scale,
  y - dy / scale,
  scale,
];

/** The frame at a point of the canvas; undefined outside of the map. */
export function frameUnder(camera: Camera, size: Size, side: number, px: number, py: number): number | undefined {
  const { x, y, scale } = areaOf(camera, size);
  const [fx, fy] = [Math.floor(x + px / scale), Math.floor(y + py / scale)];
  return fx < 0 || fy < 0 || fx >= side || fy >= side ? undefined : frameAt(side, fx, fy);
}

/** Where the middle of a frame is on the canvas; undefined for one that the map does not have. */
export function middleOf(
  camera: Camera,
  size: Size,
  side: number,
  frame: number,
): readonly [number, number] | undefined {
  // Beyond the square, the curve would lead to the place of another frame.
  if (!(frame >= 0 && frame < side * side)) return undefined;
  const at = { x: 0, y: 0 };
  placeOfFrame(side, frame, at);
  const { x, y, scale } = areaOf(camera, size);
  return [(at.x + 0.5 - x) * scale, (at.y + 0.5 - y) * scale];
}

/** The frame so many cells of `step` frames away, or at the border of the map. */
export function frameBeside(side: number, frame: number, [dx, dy]: readonly [number, number], step: number): number {
  const at = { x: 0, y: 0 };
  placeOfFrame(side, frame, at);
  const inside = (value: number) => Math.min(Math.max(value, 0), side - 1);
  return frameAt(side, inside(at.x + dx * step), inside(at.y + dy * step));
}
