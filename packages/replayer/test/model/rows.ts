/** A state as lines of text by table, so that two of them can be compared whoever made them. */
export type StateRows = Record<string, string[]>;

type Shown = bigint | number | string | boolean | null | undefined;

/** A frame, an address or a word in hex; - for unknown or none. */
export function hex(value: bigint | number | null | undefined): string {
  const isNone = value === null || value === undefined || Number.isNaN(value) || value < 0;
  return isNone ? '-' : `0x${value.toString(16)}`;
}

/** A line; what is unknown is -. */
export function line(...parts: Shown[]): string {
  return parts.map(part => (part === undefined || part === null || Number.isNaN(part) ? '-' : String(part))).join(' ');
}

/** Counts by a key, in order of keys. */
export function counted(counts: ReadonlyMap<number, number>): string {
  return [...counts]
    .sort((a, b) => a[0] - b[0])
    .map(([key, count]) => `${key}:${count}`)
    .join(',');
}

/** What only one of two states has, in words, table by table; none where they agree. */
export function differences(replayer: StateRows, model: StateRows): string[] {
  return Object.keys(model).flatMap(table => {
    const only = (mine: readonly string[], others: readonly string[], whose: string) => {
      const known = new Set(others);
      return mine.filter(row => !known.has(row)).map(row => `${table}: only the ${whose} has ${row}`);
    };
    const [a, b] = [replayer[table], model[table]];
    const found = [...only(a, b, 'replayer').slice(0, 8), ...only(b, a, 'model').slice(0, 8)];
    return a.length === b.length ? found : [...found, `${table}: ${a.length} rows, ${b.length} in the model`];
  });
}

/** mfns to ask a reverse map about: the first and the last of leaves, where it is most likely wrong. */
export function probes(leaves: readonly { mfn: bigint | null; order: number }[]): bigint[] {
  const ends = leaves.flatMap(({ mfn, order }) => (mfn === null ? [] : [mfn, mfn + (1n << BigInt(order)) - 1n]));
  return [...new Set(ends)].sort((a, b) => Number(a - b)).slice(0, 64);
}
