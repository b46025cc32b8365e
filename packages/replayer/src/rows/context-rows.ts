import { LOCK_MODES } from '@p2mtrace/trace-format';
import { domidOfKey, vcpuOfKey } from '../memory/keys.js';
import type { XenState } from '../state/xen-state.js';
import { idOrNull, numberOrNull, seqOrNull } from './row-nulls.js';
import type { Names, StateFilter } from './state-rows.js';

/** What a pcpu is doing. */
export interface ContextRow {
  readonly pcpu: number;
  /** The vcpu that runs there (docs/xen.md#who-runs-where); null for unknown. */
  readonly domid: number | null;
  readonly vcpu: number | null;
  /** The altp2m view that it uses; null if none is known. */
  readonly view: string | null;
  /** Held locks, outermost first. */
  readonly locks: readonly { readonly lock: string; readonly mode: string; readonly since_seq: number }[];
  /** Translations for which it holds the gfn's lock, oldest first. */
  readonly translations: readonly {
    readonly domid: number;
    readonly view: string;
    readonly gfn: number;
    readonly mfn: number | null;
    readonly since_seq: number | null;
  }[];
}

/** Every pcpu of which any of that is known; with a domain, those that run its vcpus. */
export function* contextRows(replayer: XenState, names: Names, filter: StateFilter = {}): Generator<ContextRow> {
  const { contexts, locks } = replayer;
  const pcpus = Math.max(contexts.running.length, locks.pcpus, ...[...contexts.translations.pcpus()].map(p => p + 1));
  for (let pcpu = 0; pcpu < pcpus; pcpu++) {
    const running = contexts.running[pcpu] ?? -1;
    const domid = running < 0 ? null : domidOfKey(running);
    if (filter.domid !== undefined && domid !== filter.domid) continue;
    const view = contexts.views.get(running);
    const held = locks.heldBy(pcpu).map(({ lock, mode, seq }) => {
      return { lock: names.lock[lock] ?? String(lock), mode: LOCK_MODES[mode], since_seq: seq };
    });
    const translations = contexts.translations.of(pcpu).map(({ view: index, mfn, seq, ...of }) => {
      const name = names.view[index] ?? String(index);
      return { domid: of.domid, view: name, gfn: of.gfn, mfn: numberOrNull(mfn), since_seq: seqOrNull(seq) };
    });
    if (running < 0 && held.length === 0 && translations.length === 0) continue;
    yield {
      pcpu,
      domid,
      vcpu: running < 0 ? null : idOrNull(vcpuOfKey(running)),
      view: view === undefined ? null : (names.view[view] ?? String(view)),
      locks: held,
      translations,
    };
  }
}
