import { readFileSync } from 'node:fs';
import { traceIdentity } from '@p2mtrace/replayer';
import type { TraceReader } from '@p2mtrace/trace-format';
import { P2mError } from '@p2mtrace/trace-format/errors';
import * as z from 'zod';

const count = z.int().nonnegative();
/** Of what `whatif --format json` prints, that which is shown again elsewhere. */
const savedSchema = z.object({
  identity: z.string(),
  clock: z.enum(['tsc', 'events']),
  options: z.object({ pcpus: count }),
  recorded: z.object({ pcpus: count, waits: z.object({ total: z.number() }).nullable() }),
  rows: z.array(
    z.object({
      discipline: z.enum(['recorded', 'exclusive', 'rwlock', 'range-exclusive', 'range-rw', 'refuse']),
      granularity: z.enum(['4k', '2m', '1g', 'all']).nullable(),
      upgrade: z.enum(['convert', 'declare']).nullable(),
      sections: count,
      waited: count,
      wait: z.object({
        total: z.number(),
        median: z.number().nullable(),
        p99: z.number().nullable(),
        max: z.number().nullable(),
      }),
      makespan: z.number(),
      ratio: z.number(),
      parallelism: z.object({ mean: z.number(), lost: z.number() }),
      deadlockCount: count,
      refused: count.nullable(),
    }),
  ),
  notChecked: z.array(z.string()).readonly(),
});
export type SavedWhatIf = Omit<z.infer<typeof savedSchema>, 'identity'>;

/**
 * What `p2mtrace whatif --format json -o FILE` wrote about one of these traces.
 * @throws P2mError P2M_UI_WHATIF (usage) if it is about none of them, or can not be read
 */
export function savedWhatIf(
  path: string,
  readers: readonly TraceReader[],
): { readonly saved: SavedWhatIf; readonly of: TraceReader } {
  const { success, data } = savedSchema.safeParse(jsonOf(path));
  if (!success) throw refused(path, 'it is no result of p2mtrace whatif --format json of this version');
  const of = readers.find(reader => traceIdentity(reader) === data.identity);
  if (of === undefined) throw refused(path, 'it is of another trace');
  return { saved: data, of };
}

function jsonOf(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw refused(path, (error as Error).message);
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const refused = (file: string, what: string) =>
  new P2mError('P2M_UI_WHATIF', what, {
    blame: 'usage',
    place: { file },
    remedy: 'write it anew: p2mtrace whatif TRACE --format json -o FILE',
  });
