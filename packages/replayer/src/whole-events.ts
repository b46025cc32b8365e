import { isValid, KINDS } from '@p2mtrace/trace-format';
import type { ReplayBatch, StateColumn } from './replay-batch.js';

/** By kind: the columns that such an event must have. */
const NEEDS = KINDS.map(({ needs, args }) => {
  return needs.map(name => {
    const arg = args?.findIndex(candidate => candidate.split(':')[0] === name) ?? -1;
    return (arg < 0 ? name : `arg${arg}`) as StateColumn;
  });
});

/** Tells which events of a batch have what their kind must have. The columns are looked up once a batch. */
export class WholeEvents {
  /** By kind: their bitmaps. */
  private needed: readonly (readonly Uint8Array[])[] = [];

  /** The events asked about from now on are of this batch. */
  begin({ validity }: ReplayBatch): void {
    this.needed = NEEDS.map(columns => columns.map(column => validity[column]));
  }

  has(row: number, kind: number): boolean {
    const needed = this.needed[kind];
    for (let i = 0; i < needed.length; i++) if (!isValid(needed[i], row)) return false;
    return true;
  }
}
