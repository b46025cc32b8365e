/** A column of a result. */
export interface Column {
  readonly name: string;
  /** Numbers stand right in a table. */
  readonly right?: boolean;
}

export type Rows = Iterable<readonly unknown[]> | AsyncIterable<readonly unknown[]>;
