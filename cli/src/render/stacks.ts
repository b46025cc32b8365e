import type { Story } from '@p2mtrace/analyzers';

/** What a pcpu holds where it stops, outermost first, and the lock that it waits for. */
export interface Stack {
  readonly pcpu: number;
  readonly lines: readonly string[];
}

/** Of a predicted deadlock: the stacks of its sides, to be shown side by side as lockdep does; none of other findings. */
export function stacksOf({ steps }: Story): Stack[] {
  return steps
    .filter(({ roles }) => roles.some(role => /^wanted_\d+$/.test(role)))
    .map(({ event, held }) => {
      const pcpu = Number(event.pcpu);
      const lines = held
        .filter(lock => lock.pcpu === pcpu)
        .map(({ class: name, lock, mode, since_seq, symbol, caller }) => {
          return `holds ${name ?? 'lock'} ${lock} (${mode}), #${since_seq}${inText(symbol ?? caller)}`;
        });
      const { lock_class, lock, mode, symbol, caller, seq } = event;
      const wanted = `${lock_class ?? 'lock'} ${lock} (${mode}), #${seq}${inText(symbol ?? caller)}`;
      return { pcpu, lines: [...lines, `waits for ${wanted}`] };
    });
}

/** The stacks as rows of a table, a column for each pcpu. */
export function stackRows(stacks: readonly Stack[]): (string | null)[][] {
  const height = Math.max(0, ...stacks.map(({ lines }) => lines.length));
  return Array.from({ length: height }, (_, i) => stacks.map(({ lines }) => lines[i] ?? null));
}

/** How the pcpus come to be there; `from` is the first event at which the other order is not the recorded one. */
export const otherOrderText = (from: unknown): string =>
  `As recorded up to #${from}, exclusive. From there on each of these pcpus does what it did until it waits, and any other
pcpu only what has to come before that. The rows of lock_cycles say where each of them stops.`;

const inText = (site: unknown): string => (site === null || site === undefined ? '' : ` in ${site}`);
