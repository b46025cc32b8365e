/** Colours that mean the same everywhere; legible on light and on dark. */
const TYPES: Readonly<Record<string, string>> = {
  ram_rw: '#3f7fbf',
  ram_ro: '#7a5bb5',
  ram_logdirty: '#c2891b',
  ram_shared: '#2a9d6f',
  ram_broken: '#d13b3b',
  ram_paged: '#a5562c',
  ram_paging_out: '#c76f3c',
  ram_paging_in: '#d9926a',
  populate_on_demand: '#8a8f2d',
  mmio_direct: '#b44a8a',
  mmio_dm: '#8f9aa5',
  invalid: '#5c6670',
  map_foreign: '#1d9aa6',
  grant_map_rw: '#0f7a52',
  grant_map_ro: '#4f9e80',
  ioreq_server: '#e06fa8',
};
const OTHERS = ['#4e79a7', '#f28e2b', '#59a14f', '#e15759', '#76b7b2', '#b07aa1', '#9c755f', '#d4a017', '#ff9da7'];

/** Nobody, free, nothing known. */
const QUIET = '#8f9aa5';
const FREE = '#c9ced4';

export function colourOf(kind: string, value: number, name: string): string {
  if (kind === 'owner') return value === -2 ? FREE : value < 0 ? QUIET : OTHERS[value % OTHERS.length];
  return TYPES[name] ?? OTHERS[value % OTHERS.length];
}

export type Rgb = readonly [number, number, number];

export const rgbOf = (hex: string): Rgb => [1, 3, 5].map(at => Number.parseInt(hex.slice(at, at + 2), 16)) as never;

/** From little to much: viridis, at equal steps. */
const RAMP = ['#3b2a68', '#33608c', '#24908b', '#5cc06a', '#e8df3a'].map(rgbOf);

/** A colour for 0 to 1. */
export function ramp(part: number): Rgb {
  const at = Math.min(Math.max(part, 0), 1) * (RAMP.length - 1);
  const low = Math.min(Math.floor(at), RAMP.length - 2);
  const rest = at - low;
  return [0, 1, 2].map(i => RAMP[low][i] + (RAMP[low + 1][i] - RAMP[low][i]) * rest) as never;
}

/** Written a moment ago. */
export const GLOW: Rgb = [255, 120, 0];
