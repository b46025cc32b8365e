import { isRecorded, type TraceReader } from '@p2mtrace/trace-format';
import type { EverClaimed } from './ever-claimed.js';
import { P2mResources } from './p2m-resources.js';
import { noSections } from './section-counts.js';
import { SiteNames } from './site-names.js';

/** What all parts of the reading of a trace know. */
export class ReadingState {
  readonly counts = noSections();
  readonly resources: P2mResources;
  readonly sites: SiteNames;
  /** By resource. */
  readonly claimed = new Map<number, EverClaimed>();
  /** Only p2ms of this domain are looked at; -1 for all. */
  readonly domain: number;
  readonly hasResults: boolean;
  readonly hasWrites: boolean;
  /** Ticks since the trace began, and seq, of the event that is read. */
  now = 0;
  seq = 0;

  constructor({ metadata, names }: TraceReader, domain: number | undefined) {
    this.resources = new P2mResources(names);
    this.sites = new SiteNames(names);
    this.domain = domain ?? -1;
    this.hasResults = metadata.hasResults === true;
    this.hasWrites = isRecorded(metadata, 'set_entry');
  }
}
