/** `; did you mean gfn?` if a candidate is near enough, otherwise empty. */
export function suggestion(name: string, candidates: Iterable<string>): string {
  let best = '';
  // A third of the letters may be wrong, and at least one.
  let limit = Math.max(1, Math.floor(name.length / 3));
  for (const candidate of candidates) {
    const distance = Math.abs(candidate.length - name.length) > limit ? limit + 1 : editDistance(name, candidate);
    if (distance < limit || (distance === limit && best === '')) {
      best = candidate;
      limit = distance;
    }
  }
  return best === '' ? '' : `; did you mean ${best}?`;
}

/** Letters to insert, drop, replace or swap with a neighbour to turn one name into the other. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(row[j - 1] + 1, last[j] + 1, last[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length];
}
