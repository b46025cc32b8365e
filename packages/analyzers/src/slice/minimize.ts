/**
 * Delta debugging: removes items, in smaller and smaller chunks, as long as `holds` is true for the rest (Zeller and
 * Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002; only complements are tested). The result is
 * 1-minimal: without any one of its items, `holds` would be false. It must be true for all items to begin with.
 * @param isSpent ends the search early; returns what is left by then
 */
export async function minimize<Item>(
  items: readonly Item[],
  holds: (items: readonly Item[]) => Promise<boolean>,
  isSpent: () => boolean = () => false,
): Promise<readonly Item[]> {
  let left = items;
  for (let size = Math.ceil(left.length / 2); size > 0; ) {
    const before = left.length;
    for (let at = 0; at < left.length; ) {
      if (isSpent()) return left;
      const rest = [...left.slice(0, at), ...left.slice(at + size)];
      if (await holds(rest)) left = rest;
      else at += size;
    }
    // Something that was needed before may not be needed after another was removed.
    if (size > 1) size = Math.ceil(size / 2);
    else if (left.length === before) break;
  }
  return left;
}
