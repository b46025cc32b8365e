import * as z from 'zod';
import { P2mError } from '../errors.js';
import { LAYOUT_NAMES } from './layout-profiles.js';
import { P2M_NUMBERINGS } from './xen-enums.js';

type Schemas = ReturnType<typeof makeSchemas>;
export type ImportHealth = z.infer<Schemas['importHealth']>;
export type TraceMetadata = z.infer<Schemas['traceMetadata']>;
export type PieceOrigin = z.infer<Schemas['piece']>;

/** Schemas of a trace's metadata. */
function makeSchemas() {
  const count = z.int().nonnegative();

  /**
   * Health of an import: what was read and what was not (docs/format.md#custom-metadata). All numbers count records
   * unless named otherwise.
   */
  const importHealth = z.strictObject({
    bytes: count,
    /** Bytes that belong to no complete record. */
    skippedBytes: count,
    records: count,
    /** All records by xentrace id (hex), including framing records. */
    byId: z.record(z.string(), count),
    /** Records that no table lists, by id; they become rows of kind `unknown`. */
    unknownById: z.record(z.string(), count),
    /** Records of a known id whose contents fit no column; also rows of kind `unknown`. */
    misfits: count,
    /** By id: records with flags or words that their row does not know. These were ignored; the rest became a row. */
    ignoredById: z.record(z.string(), count).optional(),
    /** Loss records: the pcpu, and how many records it lost. */
    lost: z.array(z.strictObject({ pcpu: count, count, firstTsc: z.string(), tsc: z.string() })),
    withoutTsc: count,
    /** By pcpu: records, and the range of TSCs seen. */
    pcpus: z.array(z.strictObject({ pcpu: count, records: count, firstTsc: z.string(), lastTsc: z.string() })),
    order: z.strictObject({
      /**
       * exact: nearly every record has a TSC; approximate: order between pcpus rests on polling rounds; corrected: the
       * TSCs of some pcpus were wrong and were corrected; contradictory: they are wrong, and it is not known how.
       */
      confidence: z.enum(['exact', 'approximate', 'corrected', 'contradictory']),
      /** Records that arrived too late for the reorder window of a stream. */
      late: count,
      /** Locks that one pcpu took while another had them, as recorded; absent if none. */
      overlaps: count.optional(),
      /** What was added to the TSCs of a pcpu, and the range of values that would have had the same effect. */
      skew: z
        .array(z.strictObject({ pcpu: count, ticks: z.int(), least: z.int().optional(), most: z.int().optional() }))
        .optional(),
      /** Pairs of pcpus between which nothing is certain: no correction of their TSCs explains both. */
      contradictory: z.array(z.tuple([count, count])).optional(),
    }),
    /** What was wrong with the input, in words; empty if nothing was. */
    problems: z.array(z.string()),
  });

  /** Where a piece comes from that trim or split cut out of a longer trace. */
  const piece = z.strictObject({
    /** File name of that trace. */
    of: z.string(),
    /** Range of that trace's events in the piece: seq of the first, and the seq after the last. */
    fromSeq: count,
    toSeq: count,
    /** Number of snapshot events at the start of the piece; after them come the events of the range, in order. */
    snapshots: count,
    /** Kinds that occur in that trace: if the piece has no such event, none happened in its range. */
    recorded: z.array(z.string()),
    /** Set if the piece has only what concerns these domains, or these pcpus. */
    domains: z.array(count).optional(),
    pcpus: z.array(count).optional(),
    /** Kinds that occur in the range but were left out of the piece for that reason. */
    incomplete: z.array(z.string()).optional(),
  });

  const traceMetadata = z.strictObject({
    /** What the trace was made from: a file name, `-`, `ndjson`. */
    source: z.string(),
    format: z.enum(['xentrace', 'ndjson', 'recorder', 'std']),
    host: z.string().optional(),
    /** Build id of the recorded hypervisor, hex. */
    buildId: z.string().optional(),
    /** Lines of source of call sites, by address: `common/memory.c:352`. */
    lines: z.record(z.string(), z.string()).optional(),
    /** Names of the domains that there were when the recording began, by domid. */
    domains: z.record(z.string(), z.string()).optional(),
    /** As given or found, e.g. `4.17.7`, `<=4.17`. */
    xenVersion: z.string().optional(),
    /** How version, layout and numbering were found. */
    layout: z.enum(LAYOUT_NAMES as [string, ...string[]]),
    /** How version, layout and numbering were known. */
    assumed: z.array(z.string()),
    p2mNumbering: z.enum(P2M_NUMBERINGS),
    tscHz: z.number().positive().optional(),
    /** Domains whose mm locks are biased (docs/xen.md#lock-levels). */
    controlDomains: z.array(count),
    /** Number of events of each kind; absent until the trace is complete. */
    counts: z.record(z.string(), count).optional(),
    /** True if set_entry results (0x802) were recorded, so that attempts (0x004) are not replayed as well. */
    hasResults: z.boolean().optional(),
    health: importHealth.optional(),
    piece: piece.optional(),
  });
  return { importHealth, traceMetadata, piece };
}

let schemas: Schemas | undefined;
/** Made on first use: imports don't need them. */
export function metadataSchema(): Schemas['traceMetadata'] {
  schemas ??= makeSchemas();
  return schemas.traceMetadata;
}

/** Checks trace metadata read from a file. @throws P2mError P2M_METADATA */
export function parseMetadata(json: string): TraceMetadata {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new P2mError('P2M_METADATA', 'the trace metadata is not JSON', { cause });
  }
  const result = metadataSchema().safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new P2mError('P2M_METADATA', `the trace metadata does not fit: ${issue.path.join('.')}: ${issue.message}`, {
    remedy: 'the trace was written by another version; import the capture again',
  });
}

/** True if events of this kind were recorded, in the trace or in the longer one that it was cut from. */
export function isRecorded({ counts = {}, piece }: Pick<TraceMetadata, 'counts' | 'piece'>, kind: string): boolean {
  return (counts[kind] ?? 0) > 0 || piece?.recorded.includes(kind) === true;
}

/** Metadata of a trace made by hand or by a tool other than xentrace. */
export function defaultMetadata(source: string): TraceMetadata {
  return {
    source,
    format: 'ndjson',
    layout: 'P6',
    assumed: [],
    p2mNumbering: '4.8',
    controlDomains: [0],
  };
}
