import { colourOf, GLOW, type Rgb, ramp, rgbOf } from './colours.js';
import { isSameArea, type Picture } from './tiles.js';

/** What colours a map: names for numbers, or amounts. */
export interface Scale {
  readonly by: string;
  /** Of a category, by its number; absent for amounts. */
  readonly nameOf?: (value: number) => string;
}

/** A line of the legend. */
export interface LegendItem {
  readonly colour: string;
  readonly name: string;
  /** Cells on the picture. */
  readonly cells: number;
}

export interface Painted {
  readonly bitmap: HTMLCanvasElement;
  readonly legend: readonly LegendItem[];
}

/**
 * Paints into a bitmap of a pixel a cell. What changed in so many events up to the point of the picture glows; what is
 * the same in another picture of the same cells is pale.
 */
export function paint(
  picture: Picture,
  scale: Scale,
  glowing: number,
  bitmap: HTMLCanvasElement,
  other?: Picture,
): Painted {
  const { columns, rows, value, written, seq } = picture;
  bitmap.width = Math.max(columns, 1);
  bitmap.height = Math.max(rows, 1);
  const context = bitmap.getContext('2d')!;
  const image = context.createImageData(bitmap.width, bitmap.height);
  const { colour, legend } = scale.nameOf === undefined ? amounts(picture, scale) : categories(picture, scale);
  const pixels = image.data;
  const against = other !== undefined && isSameArea(picture, other) ? other.value : undefined;
  for (let i = 0; i < value.length; i++) {
    const fresh = 1 - (seq - written[i]) / glowing;
    const one = value[i];
    if (Number.isNaN(one) && !(fresh > 0)) continue;
    const rgb = colour(one);
    const part = fresh > 0 ? 0.35 + 0.6 * fresh : 0;
    pixels[4 * i] = rgb[0] + (GLOW[0] - rgb[0]) * part;
    pixels[4 * i + 1] = rgb[1] + (GLOW[1] - rgb[1]) * part;
    pixels[4 * i + 2] = rgb[2] + (GLOW[2] - rgb[2]) * part;
    pixels[4 * i + 3] = against === undefined || against[i] !== one ? 255 : PALE;
  }
  context.putImageData(image, 0, 0);
  return { bitmap, legend };
}

/** Of 255: how far what is the same covers what is behind it. */
const PALE = 50;
const GREY: Rgb = [128, 134, 140];

function categories({ value }: Picture, { by, nameOf }: Scale) {
  const cells = new Map<number, number>();
  for (let i = 0; i < value.length; ) {
    const one = value[i];
    let end = i + 1;
    while (end < value.length && value[end] === one) end++;
    if (!Number.isNaN(one)) cells.set(one, (cells.get(one) ?? 0) + end - i);
    i = end;
  }
  const colours = new Map([...cells.keys()].map(one => [one, colourOf(by, one, nameOf!(one))]));
  const rgb = new Map([...colours].map(([one, hex]) => [one, rgbOf(hex)]));
  const legend = [...cells]
    .sort((a, b) => b[1] - a[1])
    .map(([one, count]) => ({ colour: colours.get(one)!, name: nameOf!(one), cells: count }));
  // Neighbours are mostly alike.
  let [last, found] = [Number.NaN, GREY];
  const colour = (one: number) => {
    if (one !== last) [last, found] = [one, rgb.get(one) ?? GREY];
    return found;
  };
  return { colour, legend };
}

/** Amounts on a logarithmic scale; for age, how many events ago. */
function amounts({ value, seq }: Picture, { by }: Scale) {
  const amount = (one: number) => (by === 'age' ? seq - one : one);
  let most = 1;
  for (const one of value) if (amount(one) > most) most = amount(one);
  const top = Math.log1p(most);
  const steps = [...new Set([0, 1, most ** 0.33, most ** 0.66, most].map(Math.round))].sort((a, b) => a - b);
  const hex = ([red, green, blue]: Rgb) => `rgb(${[red, green, blue].map(Math.round).join(' ')})`;
  const legend = steps.map(step => ({
    colour: hex(ramp(Math.log1p(step) / top)),
    name: by === 'age' ? `${step.toLocaleString('en')} events ago` : step.toLocaleString('en'),
    cells: 0,
  }));
  return { colour: (one: number) => (Number.isNaN(one) ? GREY : ramp(Math.log1p(amount(one)) / top)), legend };
}
