/** Arrays that hold state. */
export type StateArray = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float64Array;

/**
 * A part of the state. `transfer` lists everything that the part consists of and both saves and loads it, so the two
 * can't drift apart. What can be derived from the rest is left out and rebuilt if `image.loading`; so are the tags of
 * fact recorders, as images are only made of replays without facts.
 *
 * A part is loaded right after its construction.
 */
export interface StatePart {
  transfer(image: StateImage): void;
}

/** State on its way into or out of an image, by names that are unique within a part. */
export interface StateImage {
  /** True if the image replaces what it is given, false if it takes it. */
  readonly loading: boolean;
  /** `this.owner = image.array('owner', this.owner)`. The array as it is, including spare room. */
  array<T extends StateArray>(name: string, array: T): T;
  /** `this.rows = image.number('rows', this.rows)`. Any number, exactly. */
  number(name: string, value: number): number;
  /** A list without holes; loading fills it again. */
  numbers(name: string, list: number[]): void;
  /** A map; loading fills it again, in the same order. */
  map(name: string, map: Map<number, number>): void;
  part(name: string, part: StatePart): void;
  /** A list of parts. Loading empties it and creates each part from its index before it loads that part. */
  parts<P extends StatePart>(name: string, list: P[], make: (index: number) => P): void;
  /** The same for parts with numeric keys. */
  partsByKey<P extends StatePart>(name: string, map: Map<number, P>, make: (key: number) => P): void;
}

/** Contents of an image: its arrays under their full names, such as `p2m/0/small/mfn`. */
export type ImageContents = ReadonlyMap<string, StateArray>;

/** Lists what a state consists of; the arrays are the live ones, valid until the state changes. */
export function saveState(part: StatePart): ImageContents {
  const image = new SavingImage();
  part.transfer(image);
  return image.contents();
}

/**
 * Loads the contents of an image into a state, which takes over the arrays.
 * @throws Error if they are not what this version of the state consists of
 */
export function loadState(part: StatePart, contents: ImageContents): void {
  part.transfer(new LoadingImage(contents));
}

/** Single numbers are stored in one array under this name; `NAMES` has their names, in order, one per line. */
const NUMBERS = '#numbers';
const NAMES = '#names';

/** What saving and loading share: nested names, and everything that consists of simpler things. */
abstract class Image implements StateImage {
  abstract readonly loading: boolean;
  protected prefix = '';

  abstract array<T extends StateArray>(name: string, array: T): T;
  abstract number(name: string, value: number): number;

  numbers(name: string, list: number[]): void {
    const saved = this.array(name, this.loading ? new Float64Array(0) : Float64Array.from(list));
    if (!this.loading) return;
    list.length = 0;
    for (const value of saved) list.push(value);
  }

  map(name: string, map: Map<number, number>): void {
    const keys = [...map.keys()];
    const values = [...map.values()];
    this.numbers(`${name}/keys`, keys);
    this.numbers(`${name}/values`, values);
    if (!this.loading) return;
    map.clear();
    keys.forEach((key, i) => {
      map.set(key, values[i]);
    });
  }

  part(name: string, part: StatePart): void {
    const outer = this.prefix;
    this.prefix = `${outer}${name}/`;
    part.transfer(this);
    this.prefix = outer;
  }

  parts<P extends StatePart>(name: string, list: P[], make: (index: number) => P): void {
    const length = this.number(`${name}/length`, list.length);
    if (this.loading) list.length = 0;
    for (let i = 0; i < length; i++) {
      if (this.loading) list.push(make(i));
      this.part(`${name}/${i}`, list[i]);
    }
  }

  partsByKey<P extends StatePart>(name: string, map: Map<number, P>, make: (key: number) => P): void {
    const keys = [...map.keys()];
    const list = [...map.values()];
    this.numbers(`${name}/keys`, keys);
    this.parts(name, list, i => make(keys[i]));
    if (!this.loading) return;
    map.clear();
    list.forEach((part, i) => {
      map.set(keys[i], part);
    });
  }
}

class SavingImage extends Image {
  readonly loading = false;
  private readonly arrays = new Map<string, StateArray>();
  private readonly single = new Map<string, number>();

  array<T extends StateArray>(name: string, array: T): T {
    const path = this.prefix + name;
    if (this.arrays.has(path)) throw new Error(`the state has ${path} twice`);
    this.arrays.set(path, array);
    return array;
  }

  number(name: string, value: number): number {
    const path = this.prefix + name;
    if (this.single.has(path)) throw new Error(`the state has ${path} twice`);
    this.single.set(path, value);
    return value;
  }

  contents(): ImageContents {
    const names = new TextEncoder().encode([...this.single.keys()].join('\n'));
    return new Map<string, StateArray>([
      [NAMES, names],
      [NUMBERS, Float64Array.from(this.single.values())],
      ...this.arrays,
    ]);
  }
}

class LoadingImage extends Image {
  readonly loading = true;
  private readonly contents: ImageContents;
  private readonly single: ReadonlyMap<string, number>;

  constructor(contents: ImageContents) {
    super();
    this.contents = contents;
    const names = new TextDecoder().decode(contents.get(NAMES)).split('\n');
    const values = contents.get(NUMBERS) ?? [];
    this.single = new Map(names.map((name, i) => [name, values[i]]));
  }

  array<T extends StateArray>(name: string, array: T): T {
    const found = this.contents.get(this.prefix + name);
    if (found?.constructor !== array.constructor) throw new Error(`the image has no such ${this.prefix}${name}`);
    return found as T;
  }

  number(name: string): number {
    const found = this.single.get(this.prefix + name);
    if (found === undefined) throw new Error(`the image has no ${this.prefix}${name}`);
    return found;
  }
}
