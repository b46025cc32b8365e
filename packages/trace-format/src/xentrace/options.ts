import type { Compression } from '../compress/codec.js';
import { usageError } from '../errors.js';
import type { ImportMap } from '../map/map-schema.js';
import { LAYOUT_NAMES, profileOfVersion } from '../schema/layout-profiles.js';
import type { TraceMetadata } from '../schema/metadata.js';
import type { P2mNumbering } from '../schema/xen-enums.js';
import { suggestion } from '../suggestion.js';
import type { EventFilter } from '../write/event-filter.js';
import type { SymbolTable } from './symbols.js';

/** What the user knows and the file can't tell. */
export interface XentraceOptions {
  /** Release of the recorded Xen, such as 4.17.7. */
  readonly xenVersion?: string | undefined;
  /** page_info layout profile, P0…P8; by default it follows from the version. */
  readonly layout?: string | undefined;
  readonly symbols?: SymbolTable | undefined;
  /** What records of another recorder mean. */
  readonly map?: ImportMap | undefined;
  /** TSC frequency in Hz; without it, times can't be given in seconds. */
  readonly tscHz?: number | undefined;
  readonly host?: string | undefined;
  readonly buildId?: string | undefined;
  /** Names of domains by domid. */
  readonly domains?: Readonly<Record<string, string>> | undefined;
  /** Domains whose mm locks are biased; by default dom0. */
  readonly controlDomains?: readonly number[] | undefined;
  /** Whose the records are that lie in no window: of a capture without its head, or of one pcpu alone. */
  readonly pcpu?: number | undefined;
  /** Which events become part of the trace. */
  readonly filter?: EventFilter | undefined;
  /** Compresses the trace. */
  readonly compression?: Compression | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** Ends the import of a file: nothing is written, and the signal's reason is thrown. A stream ends by itself. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes of windows that a stream may hold back to bring pcpus into order. */
  readonly reorderBytes?: number | undefined;
}

/** How payloads and page_info are to be read, and how that was found out. */
export interface Interpretation {
  readonly oldPayloads: boolean;
  readonly numbering: P2mNumbering;
  /** True if the page_info layout was not given: another one is taken if the counts contradict it. */
  readonly layoutAssumed: boolean;
  readonly metadata: Pick<TraceMetadata, 'layout' | 'p2mNumbering' | 'assumed'> & { xenVersion?: string };
}

/** @throws P2mError P2M_VERSION, P2M_LAYOUT (usage) */
export function checkOptions(options: XentraceOptions): void {
  const { xenVersion, layout } = options;
  if (xenVersion !== undefined && profileOfVersion(xenVersion) === undefined) {
    throw usageError(
      'P2M_VERSION',
      `--xen-version ${xenVersion} is not a release that p2mtrace knows`,
      'write it as 4.17.7',
    );
  }
  if (layout !== undefined && !LAYOUT_NAMES.includes(layout)) {
    throw usageError(
      'P2M_LAYOUT',
      `--layout ${layout} does not exist${suggestion(layout, LAYOUT_NAMES)}`,
      `one of ${LAYOUT_NAMES.join(', ')}`,
    );
  }
}

/** Combines the options with what the payloads look like. */
export function interpret(options: XentraceOptions, found: 'old' | 'new' | undefined): Interpretation {
  const { xenVersion } = options;
  const assumed: string[] = [];
  const minor = xenVersion === undefined ? undefined : versionNumber(xenVersion);
  let oldPayloads = found === 'old';
  if (minor !== undefined) {
    oldPayloads = minor < 418;
    if (found === 'old' && !oldPayloads) {
      assumed.push(`PoD payloads look like Xen <= 4.17, read as ${xenVersion} because --xen-version says so`);
    }
  } else if (found === undefined) {
    assumed.push('no PoD or decrease_reservation record tells the payload layout; none needs it');
  } else {
    assumed.push(`PoD payloads have the layout of Xen ${found === 'old' ? '<= 4.17' : '>= 4.18'}`);
  }
  let layout = options.layout ?? (xenVersion === undefined ? undefined : profileOfVersion(xenVersion));
  const layoutAssumed = layout === undefined;
  if (layout === undefined) {
    layout = found === 'new' ? 'P7' : 'P6';
    assumed.push(`page_info layout ${layout} (--layout or --xen-version say otherwise)`);
  }
  const numbering = minor === undefined || minor >= 408 ? '4.8' : minor >= 406 ? '4.6' : minor >= 402 ? '4.2' : '4.0';
  const version = xenVersion ?? (found === 'old' ? '<=4.17' : found === 'new' ? '>=4.18' : undefined);
  return {
    oldPayloads,
    numbering,
    layoutAssumed,
    metadata: { layout, p2mNumbering: numbering, assumed, ...(version === undefined ? {} : { xenVersion: version }) },
  };
}

/** 4.17.7 → 417. */
function versionNumber(version: string): number {
  const [major, minor] = version.split('.').map(Number);
  return major * 100 + minor;
}
