/** Takes as many bytes of a stream as are asked for. */
export class ByteSource {
  /** Bytes taken so far. */
  position = 0;
  private readonly pieces: AsyncIterator<Uint8Array>;
  private held: Uint8Array = new Uint8Array(0);
  private isAtEnd = false;

  constructor(input: AsyncIterable<Uint8Array>) {
    this.pieces = input[Symbol.asyncIterator]();
  }

  /** The next bytes without taking them; fewer if the stream ends before. */
  async peek(count: number): Promise<Uint8Array> {
    if (this.held.length < count && !this.isAtEnd) await this.hold(count);
    return this.held.subarray(0, count);
  }

  /** The next bytes; fewer if the stream ends before. They stay as they are. */
  async take(count: number): Promise<Uint8Array> {
    const taken = await this.peek(count);
    this.held = this.held.subarray(taken.length);
    this.position += taken.length;
    return taken;
  }

  /** Passes bytes over; false if the stream ends before. */
  async skip(count: number): Promise<boolean> {
    let left = count;
    while (left > 0) {
      const { length } = await this.take(Math.min(left, 1 << 16));
      if (length === 0) return false;
      left -= length;
    }
    return true;
  }

  /** The stream is not read on. */
  async close(): Promise<void> {
    await this.pieces.return?.();
  }

  private async hold(count: number): Promise<void> {
    const parts = [this.held];
    let bytes = this.held.length;
    while (bytes < count && !this.isAtEnd) {
      const next = await this.pieces.next();
      if (next.done === true) this.isAtEnd = true;
      else {
        parts.push(next.value);
        bytes += next.value.length;
      }
    }
    this.held = Buffer.concat(parts);
  }
}
