import type { Parts } from './who.js';

/** Why a worker with some settings does not take the traces of an audit with others; undefined if it does. */
export function refusal(worker: Parts, audit: Parts): string | undefined {
  if (worker.version !== audit.version) return `it is p2mtrace ${worker.version}, the audit ${audit.version}`;
  const reasons = [
    ...optionsThatDiffer(worker.options, audit.options),
    ...(worker.symbols === audit.symbols ? [] : ['its --symbols have another content']),
    ...(worker.plugins === audit.plugins ? [] : ['its plugins, their options or its configuration are others']),
    ...(worker.store.id === audit.store.id ? [] : [`its --store is another folder (${worker.store.path})`]),
  ];
  return reasons.length === 0 ? undefined : reasons.join('; ');
}

const FLAGS = { xenVersion: '--xen-version', layout: '--layout', cpuHz: '--cpu-hz', only: '--only' } as const;

function optionsThatDiffer(worker: string, audit: string): string[] {
  const [its, others] = [worker, audit].map(text => JSON.parse(text) as Record<string, unknown>);
  const shown = (value: unknown) => (value === undefined || value === null ? 'nothing' : String(value));
  return Object.entries(FLAGS).flatMap(([name, flag]) =>
    JSON.stringify(its[name]) === JSON.stringify(others[name])
      ? []
      : [`its ${flag} is ${shown(its[name])}, that of the audit ${shown(others[name])}`],
  );
}
