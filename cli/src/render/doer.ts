import type { Doer } from '@p2mtrace/replayer';

/** `pcpu 1 d2v0 p2m_remove_page (p2m)`: where, for whom, the call site, the innermost lock that was held. */
export function doerText({ pcpu, domid, vcpu, caller, symbol, under }: Doer): string {
  const parts = [
    ...(pcpu === null ? [] : [`pcpu ${pcpu}`]),
    ...(domid === null ? [] : [`d${domid}${vcpu === null ? '' : `v${vcpu}`}`]),
    ...(symbol !== null ? [symbol] : caller !== null ? [caller] : []),
    ...(under === null ? [] : [`(${under.class ?? under.lock})`]),
  ];
  return parts.join(' ');
}
