/** A column of a result. */
export interface Column {
  readonly name: string;
  /** Numbers are right-aligned in a table. */
  readonly right?: boolean;
  /** Colour of its values on a terminal: what was is red, what is is green. */
  readonly style?: 'red' | 'green';
}

export type Rows = Iterable<readonly unknown[]> | AsyncIterable<readonly unknown[]>;
