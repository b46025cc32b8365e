import type { Severity } from '@p2mtrace/analyzers';

/** What a watch counts. */
export interface WatchNumbers {
  bytes: number;
  heldBytes: number;
  events: number;
  /** Records that xentrace lost, and how often it did. */
  lostRecords: number;
  losses: number;
  /** Records that came too late for their place. */
  late: number;
  /** Findings that were told, by how bad they are, and those that were known. */
  readonly told: Record<Severity, number>;
  known: number;
  /** Findings of which the events were saved, and that could not be. */
  saved: number;
  notSaved: number;
  /** Tellings that did not arrive. */
  notDelivered: number;
  pieces: number;
  pieceBytes: number;
  /** Date.now() of the last event, 0 for none. */
  lastEventAt: number;
}

export const noNumbers = (): WatchNumbers => ({
  bytes: 0,
  heldBytes: 0,
  events: 0,
  lostRecords: 0,
  losses: 0,
  late: 0,
  told: { error: 0, warning: 0, note: 0 },
  known: 0,
  saved: 0,
  notSaved: 0,
  notDelivered: 0,
  pieces: 0,
  pieceBytes: 0,
  lastEventAt: 0,
});
