import dagre from '@dagrejs/dagre';
import { html, type Markup } from './html.js';
import type { LockGraphEdge } from './lock-graph.js';

const CHARACTER = 7.2;
const HEIGHT = 28;

/** The graph as a picture: outer locks on top, bad edges thick, dashed and labelled. */
export function lockGraphSvg(edges: readonly LockGraphEdge[], id: string): Markup {
  const graph = new dagre.graphlib.Graph({ multigraph: false });
  graph.setGraph({ rankdir: 'TB', nodesep: 34, ranksep: 52, marginx: 12, marginy: 12 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const name of [...new Set(edges.flatMap(({ held, acquired }) => [held, acquired]))].sort()) {
    graph.setNode(name, { width: name.length * CHARACTER + 24, height: HEIGHT });
  }
  for (const edge of edges) {
    const label = labelOf(edge);
    graph.setEdge(edge.held, edge.acquired, { width: label.length * CHARACTER * 0.85 + 8, height: 16, labelpos: 'c' });
  }
  dagre.layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  const arrow = (kind: string) =>
    html`<marker id="${id}-${kind}" class="${kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0,0L8,4L0,8z"/></marker>`;
  return html`<svg class="graph" role="img" aria-label="Lock order graph; the table below says the same" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}" width="${Math.ceil(width)}" height="${Math.ceil(height)}">
<defs>${arrow('edge')}${arrow('bad')}</defs>
${edges.map(edge => edgeSvg(graph.edge(edge.held, edge.acquired), graph.node(edge.held), edge, id))}
${(graph.nodes() as string[]).map(name => nodeSvg(name, graph.node(name)))}
</svg>`;
}

interface Box {
  readonly x?: number;
  readonly y?: number;
  readonly width?: number;
}

interface Placed {
  readonly width?: number;
  readonly points?: readonly { readonly x: number; readonly y: number }[];
  readonly x?: number;
  readonly y?: number;
}

function edgeSvg(placed: Placed, from: Box, edge: LockGraphEdge, id: string): Markup {
  const { points = [], x = 0, y = 0 } = placed;
  const kind = edge.bad.length > 0 ? 'bad' : 'edge';
  const straight = points.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(1)},${y.toFixed(1)}`).join('');
  const path = edge.held === edge.acquired ? loop(from, x - (placed.width ?? 0) / 2) : straight;
  const title = `${edge.acquired} taken under ${edge.held} ${edge.count} times, first by #${edge.firstSeq}${edge.bad.length > 0 ? `: ${edge.bad.join(', ')}` : ''}`;
  return html`<g class="${kind}"><title>${title}</title><path d="${path}" marker-end="url(#${id}-${kind})"/><text x="${x.toFixed(1)}" y="${(y + 4).toFixed(1)}">${labelOf(edge)}</text></g>\n`;
}

/** Of a class under itself: from its box out to its label and back. The points that dagre gives of it touch no box. */
function loop({ x = 0, y = 0, width = 0 }: Box, label: number): string {
  const right = x + width / 2;
  const out = (label + 6).toFixed(1);
  return `M${right.toFixed(1)},${y - 7}C${out},${y - 18} ${out},${y + 18} ${right.toFixed(1)},${y + 7}`;
}

const labelOf = ({ count, bad }: LockGraphEdge) => `${bad.length > 0 ? '✗ ' : ''}${count.toLocaleString('en-US')}`;

const nodeSvg = (
  name: string,
  { x = 0, y = 0, width = 0, height = 0 }: { x?: number; y?: number; width?: number; height?: number },
) =>
  html`<g class="node"><rect x="${(x - width / 2).toFixed(1)}" y="${(y - height / 2).toFixed(1)}" width="${width.toFixed(1)}" height="${height}" rx="5"/><text x="${x.toFixed(1)}" y="${(y + 4).toFixed(1)}">${name}</text></g>\n`;
