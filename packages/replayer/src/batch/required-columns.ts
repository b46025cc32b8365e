import { isValid, KINDS } from '@p2mtrace/trace-format';
import type { ReplayBatch, StateColumn } from './replay-batch.js';

/** By kind: the columns that such an event must have. */
const NEEDS = KINDS.map(({ needs, args }) => {
  return needs.map(name => {
    const arg = args?.findIndex(candidate => candidate.split(':')[0] === name) ?? -1;
    return (arg < 0 ? name : `arg${arg}`) as StateColumn;
  });
});
/** All of them. */
const NEEDED = [...new Set(NEEDS.flat())];

/** Tells which events of a batch have what their kind must have. The columns are looked up once a batch. */
export class RequiredColumns {
  /** By kind: their bitmaps. The arrays stay: of new ones the engine has to learn anew what they are. */
  private readonly needed: readonly Uint8Array[][] = NEEDS.map(columns => columns.map(() => new Uint8Array(0)));
  /** By kind: how many of them differ. Those of a lock's columns are all alike, for one. */
  private readonly different = new Uint8Array(NEEDS.length);

  /** The events asked about from now on are of this batch. */
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
