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

/** Several values as one. */
export const list = (parts: readonly Shown[]): string => `[${parts.join(', ')}]`;

/** Counts by a key, in order of keys. */
export function counted(counts: Iterable<readonly [number | string, number]>): string {
  return list([...counts].sort((a, b) => Number(a[0]) - Number(b[0])).map(([key, count]) => `${key}: ${count}`));
}

/** What only one of two states has, in words, table by table; none where they agree. */
export function differences(replayer: StateRows, model: StateRows): string[] {
  const tables = new Set([...Object.keys(replayer), ...Object.keys(model)]);
  return [...tables].flatMap(table => {
    const [a, b] = [replayer[table] ?? [], model[table] ?? []];
    const found = [...only(a, b, `${table}: only the replayer`), ...only(b, a, `${table}: only the model`)];
    return a.length === b.length ? found : [...found, `${table}: ${a.length} rows, ${b.length} in the model`];
  });
}

/** The first lines that only one of the two has. */
function only(mine: readonly string[], others: readonly string[], who: string): string[] {
  const known = new Set(others);
  const found = mine.filter(row => !known.has(row));
  return found.slice(0, 8).map(row => `${who} has ${row}`);
}

/** mfns to ask a reverse map about: the first and the last of leaves, where it is most likely wrong. */
export function probes(leaves: readonly { mfn: bigint | number | null; order: number }[]): bigint[] {
  const ends = leaves.flatMap(({ mfn, order }) => {
    return mfn === null ? [] : [BigInt(mfn), BigInt(mfn) + (1n << BigInt(order)) - 1n];
  });
  return [...new Set(ends)].sort((a, b) => Number(a - b)).slice(0, 64);
}
