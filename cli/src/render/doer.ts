import type { Doer } from '@p2mtrace/replayer';

/** `pcpu 1 d2v0 p2m_remove_page (p2m)`: pcpu, vcpu, call site, and the innermost lock that was held. */
export function doerText({ pcpu, domid, vcpu, caller, symbol, under }: Doer): string {
  const parts = [
    ...(pcpu === null ? [] : [`pcpu ${pcpu}`]),
    ...(domid === null ? [] : [`d${domid}${vcpu === null ? '' : `v${vcpu}`}`]),
    ...(symbol !== null ? [symbol] : caller !== null ? [caller] : []),
    ...(under === null ? [] : [`(${under.class ?? under.lock})`]),
  ];
  return parts.join(' ');
}

/** The same with the address of the call site, and since when the lock was held. */
export function doerInFull(doer: Doer): string {
  const { caller, symbol, under } = doer;
  const address = symbol !== null && caller !== null ? `, at ${caller}` : '';
  const lock = under === null ? '' : `, holding ${under.class ?? 'lock'} ${under.lock} since #${under.seq}`;
  return `${doerText({ ...doer, under: null }) || 'nobody that is known'}${address}${lock}`;
}
