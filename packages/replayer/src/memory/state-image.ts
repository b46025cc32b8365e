/** Arrays that state lies in. */
export type StateArray = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float64Array;

/**
 * A part of the state. `transfer` names everything that the part consists of, and serves both ways: what an image is
 * made from and what it is loaded into can't drift apart. What follows from the rest is left out and rebuilt where
 * `image.loading`; so are the tags of fact recorders, as images are of replays without facts.
 *
 * A part that is loaded was just made, and is as its constructor left it.
 */
export interface StatePart {
  transfer(image: StateImage): void;
}

/** State on its way into or out of an image, by names that are unique inside of a part. */
export interface StateImage {
  /** True where what is given is replaced by what the image has, false where the image takes it. */
  readonly loading: boolean;
  /** `this.owner = image.array('owner', this.owner)`. The array as it is, room to grow included. */
  array<T extends StateArray>(name: string, array: T): T;
  /** `this.rows = image.number('rows', this.rows)`. Any number, exactly. */
  number(name: string, value: number): number;
  /** A list without holes, which loading fills anew. */
  numbers(name: string, list: number[]): void;
  /** A map, which loading fills anew, in the same order. */
  map(name: string, map: Map<number, number>): void;
  part(name: string, part: StatePart): void;
  /** A list of parts: loading empties it, and makes each from its index before the part is loaded in turn. */
  parts<P extends StatePart>(name: string, list: P[], make: (index: number) => P): void;
  /** The same for parts under a number. */
  partsByKey<P extends StatePart>(name: string, map: Map<number, P>, make: (key: number) => P): void;
}

/** What an image has: its arrays under their full names, as in `p2m/0/small/mfn`. */
export type ImageContents = ReadonlyMap<string, StateArray>;

/** Notes what a state consists of; the arrays are the live ones, valid until the state changes. */
export function saveState(part: StatePart): ImageContents {
  const image = new SavingImage();
  part.transfer(image);
  return image.contents();
}

/**
 * Puts the contents of an image into a state; the arrays become the state's own.
 * @throws Error where they are not what this version of the state consists of
 */
export function loadState(part: StatePart, contents: ImageContents): void {
  part.transfer(new LoadingImage(contents));
}

/** Single numbers lie together in one array under this name; `NAMES` has theirs, in order, separated by line ends. */
const NUMBERS = '#numbers';
const NAMES = '#names';

/** What saving and loading share: names inside of names, and what consists of simpler things. */
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
