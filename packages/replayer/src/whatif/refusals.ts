import { isRecorded, P2M_TYPES, type TraceReader } from '@p2mtrace/trace-format';
import { siteOf } from '../batch/call-site.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { gfnOf, hasFailed, mfnOf, pcpuOf } from '../batch/row-values.js';
import { references, slotOf } from '../checks/known-pages.js';
import { EventFeed } from '../event-feed.js';
import { MAX_FRAME } from '../memory/frame-table.js';
import { alignDown, framesOf } from '../memory/order.js';
import { Replayer } from '../replayer.js';
import { MAX_ENTRY_ORDER } from '../state/p2m-set.js';

/** Changes of entries that "no change while there are references" would have refused. */
export interface Refusals {
  /** Changes of entries that had a frame. */
  changes: number;
  refused: number;
  /** Refused but for log-dirty's exception, which leaves the page dirty instead. */
  logDirty: number;
  /** The count of a frame was not known. */
  unknown: number;
  /** By call site (call-site.ts; of the event, or of the innermost lock that was held); -1 for none. */
  readonly bySite: Map<number, number>;
  /** By what changes: type before and after, or `frame` where another frame comes. */
  readonly byChange: Map<string, number>;
}

const RAM_RW = P2M_TYPES.indexOf('ram_rw');
const LOG_DIRTY = P2M_TYPES.indexOf('ram_logdirty');
const isLogDirtyPair = (a: number, b: number): boolean =>
  (a === RAM_RW && b === LOG_DIRTY) || (a === LOG_DIRTY && b === RAM_RW);

/** What change was refused: the first that its frames show. */
class RefusalReplay extends Replayer {
  readonly refusals: Refusals = {
    changes: 0,
    refused: 0,
    logDirty: 0,
    unknown: 0,
    bySite: new Map(),
    byChange: new Map(),
  };

  constructor(reader: TraceReader, domain: number | undefined) {
    super(reader);
    this.beforeWrite = (batch, row) => {
      if (domain === undefined || batch.columns.domid[row] === domain) this.judge(batch, row);
    };
  }

  private judge(batch: ReplayBatch, row: number): void {
    if (hasFailed(batch, row) || this.context.isRecordedTwice(batch, row)) return;
    const { columns: c } = batch;
    const order = c.order[row];
    const gfn = gfnOf(batch, row);
    if (gfn >= MAX_FRAME || order > MAX_ENTRY_ORDER) return;
    const table = this.p2mState.set.find(c.domid[row], c.view[row]);
    if (table === undefined) return;
    const newMfn = mfnOf(batch, row);
    const newType = c.p2m_type[row];
    const start = alignDown(gfn, order);
    let changed = false;
    let oldType = -1;
    let isOtherFrame = false;
    let held = false;
    let unknown = false;
    table.forEachOverlap(start, order, leafGfn => {
      const first = Math.max(start, leafGfn);
      const mfn = table.foundMfn(first);
      const type = table.typeAt(first);
      const keepsFrame = newMfn >= 0 && mfn - first === newMfn - start;
      if (mfn < 0 || (keepsFrame && type === newType)) return;
      changed = true;
      const frames = framesOf(Math.min(order, table.foundOrder));
      for (let i = 0; i < frames; i++) {
        const slot = slotOf(this.pages, mfn + i);
        const others = slot === 0 ? Number.NaN : references(this.pages, slot);
        if (Number.isNaN(others)) unknown = true;
        if (!(others > 0) || held) continue;
        held = true;
        oldType = type;
        isOtherFrame = !keepsFrame;
      }
    });
    if (!changed) return;
    const { refusals } = this;
    refusals.changes++;
    if (held) this.refuse(batch, row, oldType, newType, isOtherFrame);
    else if (unknown) refusals.unknown++;
  }

  private refuse(batch: ReplayBatch, row: number, oldType: number, newType: number, isOtherFrame: boolean): void {
    const { refusals, locks } = this;
    if (!isOtherFrame && isLogDirtyPair(oldType, newType)) {
      refusals.logDirty++;
      return;
    }
    refusals.refused++;
    const pcpu = pcpuOf(batch, row);
    const innermost = pcpu < 0 ? -1 : locks.innermost(pcpu);
    const own = siteOf(batch, row);
    const site = own >= 0 || pcpu < 0 || innermost < locks.bottom(pcpu) ? own : locks.heldCaller[innermost];
    refusals.bySite.set(site, (refusals.bySite.get(site) ?? 0) + 1);
    const name = (type: number) => P2M_TYPES[type] ?? `type ${type}`;
    const change = `${name(oldType)} to ${name(newType)}${isOtherFrame && oldType === newType ? ' of another frame' : ''}`;
    refusals.byChange.set(change, (refusals.byChange.get(change) ?? 0) + 1);
  }
}

/** Why a trace can't tell what would be refused; undefined if it can. */
export function whyNoRefusals({ metadata }: TraceReader): string | undefined {
  if (!isRecorded(metadata, 'set_entry')) return 'refuse: no set_entry events';
  const counts = ['get_page', 'put_page', 'snapshot'].some(kind => isRecorded(metadata, kind));
  return counts ? undefined : 'refuse: no get_page or put_page events, so that no reference is known';
}

/** Replays the trace and judges each change of an entry. @throws P2mError P2M_DAMAGED */
export function countRefusals(
  reader: TraceReader,
  domain: number | undefined,
  onProgress?: (events: number) => void,
): Refusals {
  const replayer = new RefusalReplay(reader, domain);
  new EventFeed(reader).advance(replayer, Number.POSITIVE_INFINITY, onProgress);
  return replayer.refusals;
}
