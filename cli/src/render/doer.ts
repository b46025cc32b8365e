import type { Doer } from '@p2mtrace/replayer';

/**
 * `pcpu 1 d2v0 p2m_remove_page (p2m)`: pcpu, vcpu, call site, and the innermost lock that was held; `(by p2m lock)` where
 * the event recorded no call site, so that it is the one that took this lock.
 */
export function doerText({ pcpu, domid, vcpu, caller, symbol, by_lock, under }: Doer): string {
  const parts = [
    ...(pcpu === null ? [] : [`pcpu ${pcpu}`]),
    ...(domid === null ? [] : [`d${domid}${vcpu === null ? '' : `v${vcpu}`}`]),
    ...(symbol !== null ? [symbol] : caller !== null ? [caller] : []),
    ...(under === null ? [] : [by_lock ? `(by ${under.class ?? under.lock} lock)` : `(${under.class ?? under.lock})`]),
  ];
  return parts.join(' ');
}

/** The same with the address of the call site, how it is known, and since when the lock was held. */
export function doerInFull(doer: Doer): string {
  const { caller, symbol, under } = doer;
  const why = inferredText(doer);
  const address = symbol !== null && caller !== null ? `, at ${caller}` : '';
  const lock = under === null ? '' : `, holding ${under.class ?? 'lock'} ${under.lock} since #${under.seq}`;
  const who = doerText({ ...doer, under: null }) || 'nobody that is known';
  return `${who}${why === undefined ? '' : ` (${why})`}${address}${lock}`;
}

/** Where a call site comes from that the event itself did not record; undefined if it did, or if none is known. */
export function inferredText({ by_lock, under }: Doer): string | undefined {
  return by_lock ? `inferred from the ${under?.class ?? 'lock'}${under?.class ? ' lock' : ''} it held` : undefined;
}
