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
  /** By kind: their bitmaps. The arrays stay: of new ones the engine has to learn anew what they are. */
  private readonly needed: readonly Uint8Array[][] = NEEDS.map(columns => columns.map(() => new Uint8Array(0)));

  /** The events asked about from now on are of this batch. */
  begin({ validity }: ReplayBatch): void {
    for (const [kind, bitmaps] of this.needed.entries()) {
      for (let i = 0; i < bitmaps.length; i++) bitmaps[i] = validity[NEEDS[kind][i]];
    }
  }

  has(row: number, kind: number): boolean {
    const needed = this.needed[kind];
    for (let i = 0; i < needed.length; i++) if (!isValid(needed[i], row)) return false;
    return true;
  }
}
