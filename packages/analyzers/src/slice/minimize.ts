/**
 * Delta debugging: takes items away as long as `holds` is true of those that are left, in ever smaller chunks
 * (Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002; only complements are tested). What is
 * left is 1-minimal: without any one of its items `holds` would be false. It is true of all items to begin with.
 * @param isSpent ends it early, with what is left by then
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
    // What was needed before something else went may not be any more.
    if (size > 1) size = Math.ceil(size / 2);
    else if (left.length === before) break;
  }
  return left;
}
