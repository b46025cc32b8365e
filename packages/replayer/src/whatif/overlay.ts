import { runOf } from '../memory/order.js';

/** What copies do with gfns: all use the same, or each its own share of the regions of 2 MB. */
export const OVERLAYS = ['same', 'spread'] as const;
export type OverlayKind = (typeof OVERLAYS)[number];

const REGION_ORDER = 9;
const REGION = 512;

/** Recorded streams laid over each other: pcpu i of the experiment does what stream i mod n did, in a copy of its own. */
export interface Overlay {
  readonly pcpus: number;
  readonly streams: number;
  readonly kind: OverlayKind;
  /** Ticks by which each copy is late. */
  readonly shifts: Float64Array;
}

/** As recorded. */
export function noOverlay(streams: number): Overlay {
  return { pcpus: streams, streams, kind: 'same', shifts: new Float64Array(1) };
}

/** Copies are at most a sixteenth of the trace late: out of step, and yet at work at the same time. */
const LATEST = 1 / 16;

/** The first copy is never late. */
export function overlayOf(pcpus: number, streams: number, kind: OverlayKind, seed: number, ticks: number): Overlay {
  const random = mulberry32(seed);
  const shifts = Float64Array.from({ length: Math.ceil(pcpus / streams) }, (_, copy) =>
    copy === 0 ? 0 : Math.floor(random() * ticks * LATEST),
  );
  return { pcpus, streams, kind, shifts };
}

/** First gfn of a claim in that copy. Regions of all copies are dealt out in turn: region r of copy k is r · copies + k. */
export function firstOf({ kind, shifts }: Overlay, copy: number, gfn: number): number {
  if (kind === 'same' || shifts.length === 1) return gfn;
  const region = runOf(gfn, REGION_ORDER);
  return (region * shifts.length + copy) * REGION + (gfn - region * REGION);
}

/** Numbers from 0 to 1 that are the same for a seed on every machine. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
