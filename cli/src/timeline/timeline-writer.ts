import type { Group } from './tracks.js';

/** Values by name, as SQL yields them; none is null. */
export type Args = Readonly<Record<string, unknown>>;

export interface Track {
  readonly id: number;
  readonly group: Group;
  readonly name: string;
  /** Of a counter. */
  readonly unit?: string | undefined;
}

/** An event of a track. Times are nanoseconds since the start, as `at`. */
export interface Moment {
  readonly track: Track;
  readonly at: number;
}

export interface Named extends Moment {
  readonly name: string;
  readonly args: Args;
}

/** A slice that begins. What is begun on a track later ends before it. */
export interface Begin extends Named {
  /** When it will end; undefined if it does not. */
  readonly end: number | undefined;
  /** The number of the arrow that ends here. */
  readonly flow: number | undefined;
}

/** The form of a timeline. Events of one track come in the order of time, those of different tracks in any. */
export interface TimelineWriter {
  open(groups: readonly Group[]): Promise<void>;
  track(track: Track): Promise<void>;
  begin(slice: Begin): Promise<void>;
  /** The end of the slice that began last. `flows`: arrows that begin here. */
  end(moment: Moment, flows: readonly number[]): Promise<void>;
  instant(instant: Named): Promise<void>;
  value(moment: Moment, value: number): Promise<void>;
  close(): Promise<void>;
}
