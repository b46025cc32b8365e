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
  /** Kinds of which the trace has no event, and those of which a piece lacks some; none: it can be checked. */
  readonly missing: readonly string[];
  readonly partial: readonly string[];
}

/** What a trace with these events can be checked for; `p2mtrace analyze` says it rule by rule. */
export function checksOf({ counts = {}, piece }: Pick<TraceMetadata, 'counts' | 'piece'>): Check[] {
  const isRecorded = (kind: string) => (counts[kind] ?? 0) > 0 || piece?.recorded.includes(kind) === true;
  return CHECKS.map(({ name, needs }) => ({
    name,
    missing: needs.filter(kind => !isRecorded(kind)),
    partial: needs.filter(kind => piece?.incomplete?.includes(kind)),
  }));
}
