import type { Finding } from '@p2mtrace/analyzers';
import { readBaseline, readSuppressions } from '../audit/baseline.js';

/** Findings that somebody knows already: they are counted, and not told. */
export class KnownFindings {
  private readonly names: ReadonlySet<string>;

  /** Of a baseline and a list of suppressions, as an audit has them. @throws P2mError P2M_BASELINE, P2M_SUPPRESSIONS (usage) */
  constructor(baseline: string | undefined, suppressions: string | undefined) {
    const today = new Date().toISOString().slice(0, 10);
    this.names = new Set([
      ...(baseline === undefined ? [] : readBaseline(baseline).findings.map(({ id }) => id)),
      ...(suppressions === undefined ? [] : readSuppressions(suppressions))
        .filter(({ expires }) => expires === undefined || expires >= today)
        .map(({ finding }) => finding),
    ]);
  }

  has({ id, signature }: Finding): boolean {
    return this.names.has(id) || this.names.has(signature);
  }
}
