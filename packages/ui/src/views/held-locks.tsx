import type { LockRow } from '../api.js';
import { SeqLink, SiteLink, ThingLink } from '../parts/links.js';

/** Locks that a pcpu holds, outermost first. */
export function HeldLocks({ held }: { readonly held: readonly LockRow[] }) {
  if (held.length === 0) return <span class="unknown">nothing that is known</span>;
  return (
    <>
      {held.map(({ lock, class: of, mode, level, since_seq, caller, symbol }) => (
        <div key={`${lock} ${since_seq}`}>
          <ThingLink to={`lock ${lock}`}>{of ?? lock}</ThingLink> {mode}
          {level !== null && `, level ${level}`} since <SeqLink at={since_seq} />
          {(symbol ?? caller) !== null && (
            <span class="by">
              {' '}
              from <SiteLink caller={caller} symbol={symbol} />
            </span>
          )}
        </div>
      ))}
    </>
  );
}
