import type { LegendItem } from '../map/paint.js';

/** What the colours of a map mean. */
export function Legend({ items, glows }: { readonly items: readonly LegendItem[]; readonly glows: boolean }) {
  return (
    <ul class="legend" aria-label="Legend">
      {items.map(({ colour, name, cells }) => (
        <li key={name}>
          <span class="swatch" style={{ background: colour }} aria-hidden="true" />
          {name}
          {cells > 0 && <small> {cells.toLocaleString('en')} cells</small>}
        </li>
      ))}
      {glows && (
        <li>
          <span class="swatch glow" aria-hidden="true" /> just written
        </li>
      )}
    </ul>
  );
}
