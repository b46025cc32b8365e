import { analyzeTrace, openTraceSession } from '@p2mtrace/analyzers';
import type { TraceReader } from '@p2mtrace/trace-format';
import type { TextOut } from '../render/rows.js';
import { lockGraphOf } from './lock-graph.js';
import { lockGraphDot } from './lock-graph-dot.js';
import { lockGraphSvg } from './lock-graph-svg.js';

/** The style of the report's graph, for a picture that stands alone. */
const STYLE = `text { font: 12px ui-monospace, monospace; text-anchor: middle; fill: #1d2530 }
rect { fill: #fff; stroke: #5c6b7d }
path { fill: none; stroke: #5c6b7d; stroke-width: 1.3 }
marker path { fill: #5c6b7d; stroke: none }
.bad path { stroke: #c1121f; stroke-width: 2.4; stroke-dasharray: 6 3 }
.bad text { fill: #c1121f; font-weight: 600 }
marker.bad path { fill: #c1121f; stroke: none }`;

/** Writes which classes of locks are taken under which, with what the rules of lock-order say of it. */
export async function exportLockOrder(
  reader: TraceReader,
  format: 'dot' | 'svg',
  out: TextOut,
  onProgress: (events: number) => void,
): Promise<void> {
  const { findings } = await analyzeTrace(reader, { only: ['lock-order'], onProgress });
  const session = await openTraceSession(reader, { onReplayed: onProgress });
  try {
    const graph = await lockGraphOf(session, findings);
    await out.write(format === 'dot' ? lockGraphDot(graph) : picture(lockGraphSvg(graph.edges, 'lock').text));
    await out.flush();
  } finally {
    await session.close();
  }
}

const picture = (svg: string): string =>
  `${svg.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ').replace('<defs>', `<style>${STYLE}</style>\n<defs>`)}\n`;
