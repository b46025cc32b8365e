import { visible } from '../text/visible.js';
import type { LockGraph } from './lock-graph.js';

/** The graph in the language of Graphviz: outer locks on top, bad edges red. */
export function lockGraphDot({ edges, of }: LockGraph): string {
  const lines = edges.map(({ held, acquired, count, firstSeq, bad }) => {
    const told = [`${count} times, first by #${firstSeq}`, ...bad].join('\\n');
    const color = bad.length > 0 ? ', color=red, fontcolor=red' : '';
    return `  ${quoted(held)} -> ${quoted(acquired)} [label="${escaped(told).replaceAll('\\\\n', '\\n')}"${color}];`;
  });
  const left = of > edges.length ? [`  // ${of - edges.length} more edges, which are less frequent`] : [];
  return ['digraph "lock order" {', '  node [shape=box];', ...lines, ...left, '}', ''].join('\n');
}

const escaped = (text: string): string => visible(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
const quoted = (text: string): string => `"${escaped(text)}"`;
