import type { Table } from '../api.js';
import { lookAt } from '../data/store.js';
import { SeqLink } from '../parts/links.js';
import { Scroll } from '../parts/scroll.js';

const BOX = { width: 150, height: 30, gapX: 70, gapY: 16, margin: 14 };

/** Which class was taken under which: columns by the longest way from a lock taken first. */
export function LockGraph({ table }: { readonly table: Table }) {
  const edges = table.rows.map(([held, taken, times, first]) => ({
    held: String(held),
    taken: String(taken),
    times: Number(times),
    first: Number(first),
  }));
  if (edges.length === 0) return <p>no lock was taken under another</p>;
  const names = [...new Set(edges.flatMap(({ held, taken }) => [held, taken]))];
  const depth = new Map(names.map(name => [name, 0]));
  // As many rounds as there are classes: a circle then has some order, which its edges back show.
  for (let round = 0; round < names.length; round++) {
    for (const { held, taken } of edges) {
      if (held !== taken && round < names.length - 1)
        depth.set(taken, Math.min(Math.max(depth.get(taken)!, depth.get(held)! + 1), names.length));
    }
  }
  const columns = [...new Set(depth.values())].sort((a, b) => a - b);
  const places = new Map<string, { x: number; y: number }>();
  for (const [column, at] of columns.entries()) {
    for (const [row, name] of names.filter(name => depth.get(name) === at).entries()) {
      places.set(name, {
        x: BOX.margin + column * (BOX.width + BOX.gapX),
        y: BOX.margin + row * (BOX.height + BOX.gapY),
      });
    }
  }
  const width = 2 * BOX.margin + columns.length * (BOX.width + BOX.gapX) - BOX.gapX;
  const height = Math.max(...[...places.values()].map(({ y }) => y)) + BOX.height + 40;
  return (
    <>
      <Scroll kind="graph" label="graph of the order of locks">
        <svg width={width} height={height} role="img" aria-label="Lock classes, and which was taken under which">
          <defs>
            <marker
              id="arrow"
              viewBox="0 0 8 8"
              refX="8"
              refY="4"
              markerWidth="9"
              markerHeight="9"
              markerUnits="userSpaceOnUse"
              orient="auto"
            >
              <path d="M0 0 8 4 0 8z" />
            </marker>
          </defs>
          {edges.map(({ held, taken, times }) => {
            const [from, to] = [places.get(held)!, places.get(taken)!];
            const back = to.x <= from.x;
            const [x1, y1] = [
              from.x + (back ? BOX.width / 2 : BOX.width),
              from.y + (back ? BOX.height : BOX.height / 2),
            ];
            const [x2, y2] = [to.x + (back ? BOX.width / 2 : 0), to.y + (back ? BOX.height : BOX.height / 2)];
            const isOwn = held === taken;
            const bend = back ? `C${x1} ${y1 + 34} ${x2} ${y2 + 34}` : `C${x1 + 34} ${y1} ${x2 - 34} ${y2}`;
            return (
              <path
                key={`${held} ${taken}`}
                // A class under itself: a loop below its box.
                d={isOwn ? `M${x1 - 18} ${y1}c-24 34 60 34 36 0` : `M${x1} ${y1}${bend} ${x2} ${y2}`}
                class={back && !isOwn ? 'edge back' : 'edge'}
                style={{ strokeWidth: `${1 + Math.log10(times) / 3}px` }}
                marker-end="url(#arrow)"
              >
                <title>{`${taken} taken under ${held}: ${times} times`}</title>
              </path>
            );
          })}
          {[...places].map(([name, { x, y }]) => (
            // biome-ignore lint/a11y/noStaticElementInteractions: the list below has the same as buttons
            <g key={name} transform={`translate(${x} ${y})`} class="node" onClick={() => lookAt(`lock ${name}`)}>
              <rect width={BOX.width} height={BOX.height} rx="6" />
              <text x={BOX.width / 2} y={BOX.height / 2 + 4} text-anchor="middle">
                {name.length > 20 ? `${name.slice(0, 19)}…` : name}
              </text>
            </g>
          ))}
        </svg>
      </Scroll>
      <details>
        <summary>as a list</summary>
        <ul>
          {edges.map(({ held, taken, times, first }) => (
            <li key={`${held} ${taken}`}>
              {taken} under {held}: {times.toLocaleString('en')} times, first <SeqLink at={first} />
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}
