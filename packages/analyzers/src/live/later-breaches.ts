import {
  BREACH_RULES,
  type BREACH_SPEC,
  type ChunkOf,
  type FactChunk,
  type FactStore,
  type LiveReplay,
} from '@p2mtrace/replayer';

/** Breaches that wait at most: the oldest go. */
const MOST = 4096;

type BreachChunk = ChunkOf<typeof BREACH_SPEC>;

/** Breaches that prove nothing until the p2m of their domain is used again. */
export class LaterBreaches {
  private readonly rules: ReadonlySet<number>;
  /** Of one row each. */
  private waiting: BreachChunk[] = [];

  /** Ids of the rules. */
  constructor(rules: readonly string[]) {
    this.rules = new Set(rules.map(id => (BREACH_RULES as readonly string[]).indexOf(id)));
  }

  clear(): void {
    this.waiting = [];
  }

  /** Keeps those that have to wait, and gives the others. */
  split(chunk: BreachChunk, facts: FactStore): void {
    const { breach } = chunk.columns;
    if (!breach.some(rule => this.rules.has(rule))) {
      facts.take(chunk as FactChunk);
      return;
    }
    for (let row = 0; row < chunk.rows; row++) {
      const one = rowOf(chunk, row);
      if (this.rules.has(breach[row])) this.waiting.push(one);
      else facts.take(one as FactChunk);
    }
    if (this.waiting.length > MOST) this.waiting.splice(0, this.waiting.length - MOST);
  }

  /** Some of them are proven by now. */
  areProven(replay: LiveReplay): boolean {
    return this.waiting.some(chunk => isProven(chunk, replay));
  }

  /** Gives those that are proven, or all. */
  give(replay: LiveReplay, isEnd: boolean, facts: FactStore): void {
    this.waiting = this.waiting.filter(chunk => {
      if (!isEnd && !isProven(chunk, replay)) return true;
      facts.take(chunk as FactChunk);
      return false;
    });
  }
}

function isProven({ columns }: BreachChunk, { replayer }: LiveReplay): boolean {
  return replayer.lastP2mSeq[columns.domid[0]] > columns.seq[0];
}

function rowOf(chunk: BreachChunk, row: number): BreachChunk {
  const columns = Object.fromEntries(
    Object.entries(chunk.columns).map(([name, values]) => {
      const lanes = values.length / chunk.rows;
      return [name, values.slice(row * lanes, (row + 1) * lanes)];
    }),
  );
  return { table: chunk.table, rows: 1, columns: columns as BreachChunk['columns'] };
}
