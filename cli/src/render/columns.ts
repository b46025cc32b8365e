/** A column of a result. */
export interface Column {
  readonly name: string;
  /** Numbers are right-aligned in a table. */
  readonly right?: boolean;
}

export type Rows = Iterable<readonly unknown[]> | AsyncIterable<readonly unknown[]>;
