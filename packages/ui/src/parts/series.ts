/** A line of a chart; null where nothing is known. */
export interface Series {
  readonly label: string;
  readonly values: readonly (number | null)[];
}
