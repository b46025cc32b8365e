/** The first sentence of a text, or the first two if it is short: as much as says what it is about. */
export function firstSentences(text: string): string {
  const [first = text, second = ''] = text
    .replace(/\s+/g, ' ')
    .trim()
    .split(/(?<=[.!?]) (?=[A-Z])/);
  return first.length < 60 ? `${first} ${second}`.trim() : first;
}
