import { type AnalyzeOptions, analyzeTrace } from '../../src/index.js';
import { traceMaker } from './trace-of.js';

/** What the rules of an analyzer find in hand-made events: `rule confidence role:seq …`, by rule and seq. */
export function finder(analyzer: string) {
  const makeTrace = traceMaker();
  return async (events: readonly object[], options: AnalyzeOptions = {}): Promise<string[]> => {
    const { findings } = await analyzeTrace(await makeTrace(events), { only: [analyzer], ...options });
    return findings
      .flatMap(({ rule, severity, confidence, occurrences }) =>
        occurrences.map(({ witness }) => {
          const seen = witness.map(({ seq, role }) => `${role}:${seq}`).join(' ');
          return `${rule.slice(rule.indexOf('.') + 1)} ${confidence} ${severity} ${seen}`;
        }),
      )
      .sort();
  };
}
