import { statSync } from 'node:fs';
import type { AnalysisReport } from '@p2mtrace/analyzers';
import type { PieceOrigin, TraceMetadata, TraceReader } from '@p2mtrace/trace-format';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { type TraceSettings, withTrace } from '../open-trace.js';
import { count, counted } from '../render/cell.js';
import { healthLines } from '../render/health.js';
import { jsonDocument } from '../render/json.js';
import { misfitLines } from '../render/out-of.js';
import { printLine } from '../render/print-line.js';
import { Progress } from '../render/progress.js';

interface Options extends TraceSettings {
  readonly format: string;
  readonly fit?: boolean;
}

export const run: Run<readonly [string], Options> = ([path], options, context) =>
  withTrace(path, options, context, async reader => {
    const { format, fit } = options;
    const { metadata, rows, batches, checksummed, damage } = reader;
    const { size } = statSync(reader.path);
    const misfits =
      fit === true
        ? await misfitsOf(reader, new Progress(context, options.progress, 'events replayed', reader.rows))
        : undefined;
    if (format === 'json') {
      const info = {
        bytes: size,
        events: rows,
        batches: batches.length,
        checksummed,
        damage: damage ?? null,
        metadata,
        ...misfits,
      };
      await context.out.write(jsonDocument(info, 2));
      return EXIT.fine;
    }
    const lines = [
      `${path}: ${counted(rows, 'event')} in ${counted(batches.length, 'record batch')}, ${count(size)} bytes`,
      ...about(metadata).map(([label, value]) => `  ${label.padEnd(12)}${value}`),
      `  ${'duration'.padEnd(12)}${duration(reader)}`,
      ...healthLines(metadata),
      ...(misfits === undefined ? [] : fitLines(misfits)),
      ...(checksummed ? [] : ['  no checksums: damage to this trace would go unnoticed']),
    ];
    for (const line of lines) await printLine(context.out, line);
    return EXIT.fine;
  });

/** Parts of the trace that the model does not fit, as found by analyze. */
async function misfitsOf(
  reader: TraceReader,
  progress: Progress,
): Promise<Pick<AnalysisReport, 'customs' | 'divergences'>> {
  const { analyzeTrace } = await import('@p2mtrace/analyzers');
  const { customs, divergences } = await analyzeTrace(reader, { onProgress: progress.update }).finally(() =>
    progress.end(),
  );
  return { customs, divergences };
}

function fitLines({ customs, divergences }: Pick<AnalysisReport, 'customs' | 'divergences'>): string[] {
  const lines = misfitLines(customs, divergences);
  const shown =
    lines.length === 0 ? ['the model fits: no value differs from its own, no belief is contradicted as a rule'] : lines;
  return shown.map((line, i) => `  ${(i === 0 ? 'model' : '').padEnd(12)}${line}`);
}

function about(metadata: TraceMetadata): [string, string][] {
  const { piece, tscHz, controlDomains } = metadata;
  const lines: [string, string | undefined][] = [
    ['source', `${metadata.source} (${metadata.format})`],
    ['host', metadata.host],
    [
      'Xen',
      [metadata.xenVersion ?? 'unknown', metadata.buildId && `build ${metadata.buildId}`].filter(Boolean).join(', '),
    ],
    ['domains', metadata.domains && domainNames(metadata.domains)],
    ['layout', `${metadata.layout}, p2m types as numbered since ${metadata.p2mNumbering}`],
    ['TSC rate', tscHz === undefined ? 'unknown (--cpu-hz)' : `${tscHz / 1e6} MHz`],
    ['control', `domain ${controlDomains.join(', ') || 'none'}`],
    ['piece', piece && pieceText(piece)],
    ['of', piece && chosenText(piece)],
    ['left out', piece?.incomplete && `events of ${piece.incomplete.join(', ')}`],
  ];
  return lines.filter((line): line is [string, string] => line[1] !== undefined);
}

function domainNames(domains: Readonly<Record<string, string>>): string {
  const names = Object.entries(domains).map(([domid, name]) => `${domid} ${name}`);
  return names.length > 16 ? `${names.slice(0, 16).join(', ')}; and ${names.length - 16} more` : names.join(', ');
}

function pieceText({ of, fromSeq, toSeq, snapshots }: PieceOrigin): string {
  const events = fromSeq < toSeq ? `events ${count(fromSeq)} to ${count(toSeq - 1)}` : 'no event';
  return `${events} of ${of}, behind ${counted(snapshots, 'snapshot')}; records and TSCs below are of the whole import`;
}

function chosenText({ domains, pcpus }: PieceOrigin): string | undefined {
  const chosen = [domains && `domain ${domains.join(', ')}`, pcpus && `pcpu ${pcpus.join(', ')}`];
  return chosen.filter(text => text !== undefined).join(' on ') || undefined;
}

function duration({ batches, metadata: { tscHz } }: TraceReader): string {
  const first = batches.find(batch => batch.firstTsc !== undefined)?.firstTsc;
  const last = batches.findLast(batch => batch.lastTsc !== undefined)?.lastTsc;
  if (first === undefined || last === undefined) return 'unknown: no event has a TSC';
  const ticks = Number(last - first);
  return tscHz === undefined ? `${count(ticks)} ticks of the TSC` : `${(ticks / tscHz).toFixed(3)} s`;
}
