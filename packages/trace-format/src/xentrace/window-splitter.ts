import { StreamSource } from './byte-source.js';
import { WindowFinder } from './window-finder.js';
import type { Window } from './windows.js';

interface SplitWindow {
  readonly window: Window;
  readonly words: Uint32Array;
}

/** Cuts a byte stream into windows, each copied into its own array of words. */
export class WindowSplitter {
  private readonly source = new StreamSource();
  private readonly finder: WindowFinder;

  /** `pcpu`: whose the records are that lie in no window. */
  constructor(name: string, pcpu: number | undefined) {
    this.finder = new WindowFinder(this.source, name, pcpu);
  }

  /** Bytes seen so far. */
  get bytes(): number {
    return this.source.size;
  }

  get skipped(): number {
    return this.finder.skipped;
  }

  get problems(): readonly string[] {
    return this.finder.problems;
  }

  /** Yields the windows that these bytes complete. @throws P2mError P2M_NOT_XENTRACE, P2M_ENDIAN */
  *push(bytes: Uint8Array): Generator<SplitWindow> {
    this.source.push(bytes);
    yield* this.windows();
  }

  /** Yields what the end of the stream completes. @throws P2mError like push */
  *end(): Generator<SplitWindow> {
    this.source.ended = true;
    yield* this.windows();
  }

  private *windows(): Generator<SplitWindow> {
    const { finder, source } = this;
    for (let window = finder.next(); window !== undefined; window = finder.next()) {
      const words = new Uint32Array(window.bytes >>> 2);
      new Uint8Array(words.buffer).set(source.bytes(window.offset, words.length * 4));
      yield { window, words };
    }
    source.dropBefore(finder.at);
  }
}
