import { analyzeTrace, findFinding, RULES, rulesOf } from '@p2mtrace/analyzers';
import type { TraceReader } from '@p2mtrace/trace-format';
import type { Context } from './command.js';
import { Progress } from './render/progress.js';

type Plugins = Parameters<typeof rulesOf>[0];

/**
 * The occurrence that a user names, by what `findFinding` takes. A signature includes the name of its rule, so that only
 * that is judged; an id does not, and may be that of a policy's finding.
 * @throws P2mError P2M_FINDING (usage)
 */
export async function namedFinding(
  reader: TraceReader,
  name: string,
  plugins: Plugins,
  { context, progress }: { readonly context: Context; readonly progress?: string | undefined },
) {
  const rules = [...RULES, ...rulesOf(plugins)];
  const only = rules.filter(({ id }) => name === id || name.startsWith(`${id} `)).map(({ id }) => id);
  const policies = only.length > 0 ? [] : rules.filter(({ policy }) => policy === true).map(({ id }) => id);
  const shown = new Progress(context, progress, 'events replayed', reader.rows);
  const analysis = analyzeTrace(reader, { plugins, only, policies, onProgress: shown.update });
  const { findings } = await analysis.finally(() => shown.end());
  return findFinding(findings, name);
}
