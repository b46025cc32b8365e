import { visible } from './visible.js';

/** Where somebody stands, as the address has it behind `#`: a link shows a colleague the same. */
export interface Place {
  readonly t: number;
  readonly seq: number;
  readonly view: string;
  readonly thing: string;
  readonly space: string;
  readonly by: string;
  readonly window: readonly [number, number];
  readonly camera: readonly [number, number, number] | undefined;
}

const short = (value: number): string => String(Number(value.toPrecision(6)));

export function placeText({ t, seq, view, thing, space, by, window: [low, high], camera }: Place): string {
  const parts: [string, string][] = [
    ['seq', String(seq)],
    ['view', view],
  ];
  if (t !== 0) parts.push(['t', String(t)]);
  if (thing !== '') parts.push(['thing', thing]);
  parts.push(['space', space], ['by', by], ['window', `${Math.round(low)}-${Math.round(high)}`]);
  if (camera !== undefined) parts.push(['camera', camera.map(short).join(',')]);
  return new URLSearchParams(parts).toString();
}

/** What is missing or makes no sense is left out. */
export function placeOf(hash: string): Partial<Place> {
  const params = new URLSearchParams(hash.replace(/^#/, ''));
  const text = (name: string) => params.get(name) ?? undefined;
  const whole = (name: string) => {
    const value = Number(text(name) ?? Number.NaN);
    return Number.isSafeInteger(value) ? value : undefined;
  };
  const [, low, high] = /^(-?\d+)-(\d+)$/.exec(text('window') ?? '') ?? [];
  const camera = (text('camera') ?? '').split(',').map(Number);
  const place = {
    t: whole('t'),
    seq: whole('seq'),
    view: text('view'),
    thing: text('thing') === undefined ? undefined : visible(text('thing')!),
    space: text('space'),
    by: text('by'),
    window: low === undefined || Number(low) >= Number(high) ? undefined : ([Number(low), Number(high)] as const),
    camera: camera.length === 3 && camera.every(Number.isFinite) && camera[2] > 0 ? camera : undefined,
  };
  return Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined)) as Partial<Place>;
}
