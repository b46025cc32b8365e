import { isValid, KINDS } from '@p2mtrace/trace-format';
import type { ReplayBatch, StateColumn } from './replay-batch.js';

/** By kind: the columns that its events must have. */
const NEEDS = KINDS.map(({ needs, args }) => {
  return needs.map(name => {
    const arg = args?.findIndex(candidate => candidate.split(':')[0] === name) ?? -1;
    return (arg < 0 ? name : `arg${arg}`) as StateColumn;
  });
});
/** All of these columns. */
const NEEDED = [...new Set(NEEDS.flat())];

/** Tells which events of a batch have what their kind requires. The columns are looked up once per batch. */
export class RequiredColumns {
  /** By kind: their bitmaps. The arrays are reused: V8 would have to learn the shape of new ones again. */
  private readonly needed: readonly Uint8Array[][] = NEEDS.map(columns => columns.map(() => new Uint8Array(0)));
  /** By kind: how many of them are different; those of a lock's columns, for example, are all the same. */
  private readonly different = new Uint8Array(NEEDS.length);

  /** The events asked about from now on are in this batch. */
  begin({ validity }: ReplayBatch): void {
    const first = new Map<StateColumn, Uint8Array>();
    for (const column of NEEDED) {
      const bitmap = validity[column];
      first.set(column, [...first.values()].find(other => Buffer.compare(other, bitmap) === 0) ?? bitmap);
    }
    for (const [kind, columns] of NEEDS.entries()) {
      const bitmaps = this.needed[kind];
      let count = 0;
      for (const column of columns) {
        const bitmap = first.get(column) ?? validity[column];
        if (!bitmaps.slice(0, count).includes(bitmap)) bitmaps[count++] = bitmap;
      }
      this.different[kind] = count;
    }
  }

  has(row: number, kind: number): boolean {
    const needed = this.needed[kind];
    const count = this.different[kind];
    for (let i = 0; i < count; i++) if (!isValid(needed[i], row)) return false;
    return true;
  }
}
