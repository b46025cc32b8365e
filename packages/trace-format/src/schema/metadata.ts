import * as z from 'zod';
import { P2mError } from '../errors.js';
import { LAYOUT_NAMES } from './layout-profiles.js';
import { P2M_NUMBERINGS } from './xen-enums.js';

type Schemas = ReturnType<typeof makeSchemas>;
export type ImportHealth = z.infer<Schemas['importHealth']>;
export type TraceMetadata = z.infer<Schemas['traceMetadata']>;
export type PieceOrigin = z.infer<Schemas['piece']>;

/** The shapes of a trace's metadata. */
function makeSchemas() {
  const count = z.int().nonnegative();

  /**
   * Health of an import: what was read, and what was not (docs/format.md#custom-metadata). All numbers are of records
   * unless named otherwise.
   */
  const importHealth = z.strictObject({
    bytes: count,
    /** Bytes that belong to no whole record. */
    skippedBytes: count,
    records: count,
    /** Records by xentrace id (hex), all of them, framing records included. */
    byId: z.record(z.string(), count),
    /** Records that no table lists, by id; they are rows of kind `unknown`. */
    unknownById: z.record(z.string(), count),
    /** Records of a known id whose contents fit no column; rows of kind `unknown` too. */
    misfits: count,
    /** Records of which flags or words that their row does not know were ignored, by id; the rest of them is a row. */
    ignoredById: z.record(z.string(), count).optional(),
    /** Loss records, the records lost, and of which pcpu. */
    lost: z.array(z.strictObject({ pcpu: count, count, firstTsc: z.string(), tsc: z.string() })),
    withoutTsc: count,
    /** Per pcpu: records and the span of TSCs seen. */
    pcpus: z.array(z.strictObject({ pcpu: count, records: count, firstTsc: z.string(), lastTsc: z.string() })),
    order: z.strictObject({
      /**
       * exact: nearly every record has a TSC; approximate: cross-pcpu order rests on polling rounds; corrected: TSCs of
       * some pcpus were wrong and were put right; contradictory: they are wrong, and it is not known how.
       */
      confidence: z.enum(['exact', 'approximate', 'corrected', 'contradictory']),
      /** Records that arrived too late for the reorder window of a stream. */
      late: count,
      /** Locks that one pcpu took while another had them, as recorded; absent for none. */
      overlaps: count.optional(),
      /** What was added to the TSCs of a pcpu, and what may have been added to them to the same effect. */
      skew: z
        .array(z.strictObject({ pcpu: count, ticks: z.int(), least: z.int().optional(), most: z.int().optional() }))
        .optional(),
      /** Pairs of pcpus between which nothing is certain: no correction of their TSCs puts them right. */
      contradictory: z.array(z.tuple([count, count])).optional(),
    }),
    /** What was wrong with the input, in words; empty when nothing was. */
    problems: z.array(z.string()),
  });

  /** Where a piece comes from that trim or split cut out of a longer trace. */
  const piece = z.strictObject({
    /** File name of that trace. */
    of: z.string(),
    /** Its events that the piece was cut from: seq of the first, and the one behind the last. */
    fromSeq: count,
    toSeq: count,
    /** Snapshot events that the piece begins with; behind them come the events of the range, in order. */
    snapshots: count,
    /** Kinds of which that trace has events: of these the piece has none because none happened in it. */
    recorded: z.array(z.string()),
    /** The piece has only what concerns these domains, or these pcpus. */
    domains: z.array(count).optional(),
    pcpus: z.array(count).optional(),
    /** Kinds of which the range has events that the piece lacks for that reason. */
    incomplete: z.array(z.string()).optional(),
  });

  const traceMetadata = z.strictObject({
    /** What the trace was made from: a file name, `-`, `ndjson`. */
    source: z.string(),
    format: z.enum(['xentrace', 'ndjson', 'recorder']),
    host: z.string().optional(),
    /** As given or found, e.g. `4.17.7`, `<=4.17`. */
    xenVersion: z.string().optional(),
    /** page_info layout profile, P0…P8. */
    layout: z.enum(LAYOUT_NAMES as [string, ...string[]]),
    /** How version, layout and numbering were known. */
    assumed: z.array(z.string()),
    p2mNumbering: z.enum(P2M_NUMBERINGS),
    tscHz: z.number().positive().optional(),
    /** Domains whose mm locks are biased (docs/xen.md#lock-levels). */
    controlDomains: z.array(count),
    /** Number of events of each kind; absent until the trace is finished. */
    counts: z.record(z.string(), count).optional(),
    /** True when set_entry results (0x802) were recorded, so that attempts (0x004) are not replayed too. */
    hasResults: z.boolean().optional(),
    health: importHealth.optional(),
    piece: piece.optional(),
  });
  return { importHealth, traceMetadata, piece };
}

let schemas: Schemas | undefined;
/** Made when first needed: imports have no need of them. */
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

/** True where events of that kind were recorded, in the trace or in the longer one that it is a piece of. */
export function isRecorded({ counts = {}, piece }: Pick<TraceMetadata, 'counts' | 'piece'>, kind: string): boolean {
  return (counts[kind] ?? 0) > 0 || piece?.recorded.includes(kind) === true;
}

/** Metadata of a trace made by hand or by another tool than xentrace. */
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
