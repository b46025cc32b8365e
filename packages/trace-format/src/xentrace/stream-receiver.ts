import type { ImportHealth, TraceMetadata } from '../schema/metadata.js';
import type { BatchSink } from '../write/writer.js';

/** Records that a pcpu lost: known as soon as their record has been read, before anything that follows them is written. */
export interface StreamLoss {
  readonly pcpu: number;
  readonly count: number;
  /** TSC of the first of them. */
  readonly firstTsc: bigint;
}

/** What is known of a stream while it is read. */
export interface StreamState {
  /** Bytes read so far, and those of windows that wait for later ones. */
  readonly bytes: number;
  readonly heldBytes: number;
  /** Records written so far that came too late for their place. */
  readonly late: number;
  /** Locks that were taken while another pcpu had them: clocks are apart. */
  readonly overlaps: number;
  /** The order of pcpus rests on polling rounds so far, or some records came too late for it. */
  readonly isApproximate: boolean;
  /** With the page_info layout that fits the counts so far. */
  metadata(): TraceMetadata;
  health(): ImportHealth;
}

/** Takes the events of a stream as they come, in place of a file. */
export interface StreamReceiver {
  /** Where the events go. */
  open(metadata: TraceMetadata): BatchSink;
  losing?(loss: StreamLoss): void;
  /** Called whenever the events that are certain to be in order have been handed on. */
  afterRound(state: StreamState): Promise<void> | void;
}
