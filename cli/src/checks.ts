import type { TraceMetadata } from '@p2mtrace/trace-format';

/** What can be judged of a trace, and which kinds of events that takes: all of them. */
const CHECKS: readonly { readonly name: string; readonly needs: readonly string[] }[] = [
  { name: 'use after unmap', needs: ['lookup', 'set_entry'] },
  { name: 'freed while mapped', needs: ['set_entry', 'page_free'] },
  { name: 'reference counts', needs: ['get_page', 'put_page'] },
  { name: 'lock order', needs: ['lock_acquire'] },
];

export interface Check {
  readonly name: string;
  /** Kinds of which the trace has no event; none: it can be checked. */
  readonly missing: readonly string[];
}

/** What a trace with these events can be checked for; `p2mtrace analyze` says it rule by rule. */
export function checksOf({ counts = {} }: Pick<TraceMetadata, 'counts'>): Check[] {
  return CHECKS.map(({ name, needs }) => ({ name, missing: needs.filter(kind => (counts[kind] ?? 0) === 0) }));
}
