import { type AnalysisReport, type Finding, type Story, storyOf } from '@p2mtrace/analyzers';
import { usageError } from '@p2mtrace/trace-format/errors';
import { answerText } from './answer-text.js';
import { askCommand } from './ask-command.js';
import { onceEach } from './once-each.js';
import type { TraceModel } from './trace-model.js';

/** Occurrences of a finding that the page lists. */
const LISTED = 200;

/** Findings of each trace, which are looked for once. */
export class Findings {
  /** @throws P2mError what p2mtrace analyze says */
  readonly report: (model: TraceModel) => Promise<AnalysisReport>;

  constructor(ended: AbortSignal) {
    this.report = onceEach(model => analysisOf(model, ended));
  }

  /** @throws P2mError P2M_FINDING (usage), and what a story throws */
  async story(model: TraceModel, id: string, number: number): Promise<Story> {
    const { findings } = await this.report(model);
    const occurrence = findings.find(finding => finding.id === id)?.occurrences[number - 1];
    if (occurrence === undefined) throw usageError('P2M_FINDING', `there is no occurrence #${number} of ${id}`);
    return storyOf(model.replay, occurrence);
  }
}

async function analysisOf(model: TraceModel, signal: AbortSignal): Promise<AnalysisReport> {
  const options = ['--format', 'json', '--fail-on', 'none', '--quiet'];
  // Nobody may be waiting for it yet, and whoever moves in time should not wait for it.
  const { text, cut } = await askCommand(
    { command: 'analyze', options, args: [model.reader.path] },
    { isPatient: true, signal },
  );
  if (cut) throw usageError('P2M_UI', 'there are too many findings to list', 'use p2mtrace analyze or p2mtrace audit');
  const report = JSON.parse(text) as AnalysisReport;
  const findings = report.findings.map((finding: Finding) => ({
    ...finding,
    occurrences: finding.occurrences.slice(0, LISTED),
  }));
  return { ...report, findings };
}

/** A story as JSON: seqs of writers as keys. */
export const storyJson = ({ writers, steps, ...story }: Story): string =>
  answerText({
    ...story,
    steps: steps.map(({ heldOutside, ...step }) => ({ ...step, heldOutside: Object.fromEntries(heldOutside) })),
    writers: Object.fromEntries(writers),
  });
