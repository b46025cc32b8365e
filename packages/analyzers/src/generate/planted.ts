import type { Place } from './recorder.js';

/** A fault, and where it lies. */
export interface Planted extends Place {
  readonly rule: string;
  /** Of `samples/corpus/rules`: the way in which it fires. */
  readonly story: string;
  /** Its pcpus, which are nobody else's. */
  readonly pcpus: readonly number[];
}
