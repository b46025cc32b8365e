import { getU53, isValid, type LayoutProfile, layoutProfile, type TraceMetadata } from '@p2mtrace/trace-format';
import { FactRecorder, HealthFacts } from './fact-recorder.js';
import type { LockTable } from './lock-table.js';
import { Now } from './now.js';
import type { ReplayBatch } from './replay-batch.js';
import type { StateImage } from './state-image.js';

/** What all parts of a replay share: the event of the moment, the notes taken, and how far the model may be trusted. */
export class ReplayContext {
  readonly profile: LayoutProfile;
  readonly now = new Now();
  readonly health = new HealthFacts();
  readonly facts: FactRecorder | undefined;
  /** Results of writes are recorded, so attempts are not replayed too. */
  readonly hasResults: boolean;
  /** Events whose frame or order is impossible. */
  outOfRange = 0;
  /** Records are being lost: what is known may be wrong already, and a mismatch proves nothing (model §2.2). */
  uncertain = false;
  /** Mismatches met while uncertain. */
  suppressed = 0;

  constructor(metadata: TraceMetadata, locks: LockTable, facts: boolean) {
    this.profile = layoutProfile(metadata.layout);
    this.hasResults = metadata.hasResults ?? false;
    this.facts = facts ? new FactRecorder(this.now, locks) : undefined;
  }

  transfer(image: StateImage): void {
    image.part('health', this.health);
    this.outOfRange = image.number('outOfRange', this.outOfRange);
    this.uncertain = image.flag('uncertain', this.uncertain);
    this.suppressed = image.number('suppressed', this.suppressed);
  }

  /** Takes note that a recorded value is not the expected one; negative numbers are no value. */
  diverge(batch: ReplayBatch, row: number, about: number, expected: number, seen: number, lastSeq: number): void {
    if (this.uncertain) {
      this.suppressed++;
      return;
    }
    const { divergences } = this.health;
    const at = divergences.add();
    const c = divergences.columns;
    const { columns, validity } = batch;
    c.seq[at] = this.now.seq;
    c.about[at] = about;
    if (isValid(validity.domid, row)) c.domid[at] = columns.domid[row];
    if (isValid(validity.gfn, row)) c.gfn[at] = getU53(columns.gfn, row);
    if (isValid(validity.mfn, row)) c.mfn[at] = getU53(columns.mfn, row);
    if (isValid(validity.lock, row)) c.lock[at] = columns.lock[row];
    if (isValid(validity.pcpu, row)) c.pcpu[at] = columns.pcpu[row];
    if (expected >= 0) c.expected[at] = expected;
    if (seen >= 0) c.seen[at] = seen;
    c.last_seq[at] = lastSeq;
  }
}
