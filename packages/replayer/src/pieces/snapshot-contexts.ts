import { KIND, type TraceRows } from '@p2mtrace/trace-format';
import { SYMBOL_SITES } from '../batch/call-site.js';
import { domidOfKey, vcpuOfKey } from '../memory/keys.js';
import { acquisition } from '../rows/lock-rows.js';
import type { XenState } from '../state/xen-state.js';
import { UNKNOWN_DEPTH } from '../tables/lock-table.js';
import type { PieceScope } from './piece-scope.js';
import type { SnapshotWriter } from './snapshot-writer.js';

/** Which vcpu runs on each pcpu, and which view each vcpu uses. */
export function snapshotVcpus({ contexts }: XenState, scope: PieceScope, out: SnapshotWriter): void {
  const begin = (vcpu: number) => {
    const event = out.begin(KIND.snapshot_vcpu).id('domid', domidOfKey(vcpu));
    return event.number('arg0', vcpuOfKey(vcpu));
  };
  contexts.running.forEach((vcpu, pcpu) => {
    if (vcpu >= 0 && scope.hasPcpu(pcpu)) begin(vcpu).id('pcpu', pcpu);
  });
  for (const [vcpu, view] of contexts.views) begin(vcpu).id('view', view);
}

/** Outstanding translations of each pcpu, oldest first. */
export function snapshotTranslations({ contexts }: XenState, scope: PieceScope, out: SnapshotWriter): void {
  for (const pcpu of contexts.translations.pcpus()) {
    if (!scope.hasContext(contexts.running, pcpu)) continue;
    for (const { domid, view, gfn, mfn } of contexts.translations.of(pcpu)) {
      out.begin(KIND.snapshot_translation).id('pcpu', pcpu).id('domid', domid).id('view', view);
      out.frame('gfn', gfn).frame('mfn', mfn);
    }
  }
}

/**
 * What each pcpu holds, outermost first; then the state of locks and mm lock levels that does not follow from that.
 * @throws P2mError P2M_DAMAGED
 */
export function snapshotLocks(replayer: XenState, reader: TraceRows, scope: PieceScope, out: SnapshotWriter): void {
  const { locks, contexts } = replayer;
  const pcpus = Array.from({ length: locks.pcpus }, (_, pcpu) => pcpu);
  const chosen = pcpus.filter(pcpu => scope.hasContext(contexts.running, pcpu));
  const held = new Set<number>();
  for (const pcpu of chosen) {
    for (const { lock, mode, level, seq, caller } of locks.heldBy(pcpu)) {
      held.add(lock);
      const { lockClass, depth, symbol } = acquisition(reader, seq);
      out.begin(KIND.snapshot).id('pcpu', pcpu).id('lock', lock).id('mode', mode);
      if (caller < SYMBOL_SITES) out.id('caller', caller);
      out.id('lock_class', lockClass).id('depth', depth).id('symbol', symbol);
      if (level > 0) out.id('level', level);
    }
  }
  for (let lock = 0; lock < locks.owner.length; lock++) {
    const [owner, depth] = [locks.owner[lock], locks.depth[lock]];
    const isKnown = owner >= 0 || depth !== UNKNOWN_DEPTH;
    if (!held.has(lock) && (!isKnown || (owner >= 0 && !chosen.includes(owner)))) continue;
    out.begin(KIND.snapshot_lock).id('lock', lock).id('pcpu', owner).id('depth', depth);
    if (owner >= 0) out.id('level', locks.savedLevel(lock));
  }
  for (const pcpu of chosen) {
    const level = locks.level(pcpu);
    if (level > 0 || locks.heldBy(pcpu).length > 0) out.begin(KIND.snapshot_level).id('pcpu', pcpu).id('level', level);
  }
}
