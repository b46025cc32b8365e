import { withRoom } from '../memory/frame-table.js';

/** Numbers (i32) in the order in which they came: 4 bytes each. */
export class IntList {
  values = new Int32Array(8);
  length = 0;

  push(value: number): void {
    this.values = withRoom(this.values, this.length + 1);
    this.values[this.length++] = value;
  }

  /** Of a list that goes up: index of the last value that is at most this one, -1 for none. */
  lastAtMost(value: number): number {
    const { values } = this;
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (values[middle] <= value) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
