/** Colours of the style sheet that were read. To ask for one makes the browser work out the styles of the page anew. */
const known = new Map<string, string>();
const dark = matchMedia('(prefers-color-scheme: dark)');
dark.addEventListener('change', () => known.clear());

/** What the theme has for a name, such as `--text`; for what is drawn on a canvas. */
export function themeColour(name: string): string {
  let colour = known.get(name);
  if (colour === undefined) {
    colour = getComputedStyle(document.documentElement).getPropertyValue(name);
    known.set(name, colour);
  }
  return colour;
}

/** Calls `redraw` when the theme is another; returns how to end it. */
export function onTheme(redraw: () => void): () => void {
  dark.addEventListener('change', redraw);
  return () => dark.removeEventListener('change', redraw);
}
