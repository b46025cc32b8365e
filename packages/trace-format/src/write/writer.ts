import type { Compression } from '../compress/codec.js';
import { BatchMessages } from '../ipc/batch-messages.js';
import { METADATA_KEY, VERSION_KEY } from '../ipc/decode-schema.js';
import {
  encodeDictionaryMessage,
  encodeFooter,
  encodeSchemaMessage,
  type MessageBlock,
} from '../ipc/encode-message.js';
import { MAGIC } from '../ipc/file-format.js';
import type { BatchBlock } from '../kernel/batch-block.js';
import { BATCH_ROWS, type EventBatch } from '../kernel/event-batch.js';
import { OutputFile, type OutputOptions } from '../output/output-file.js';
import { DICTIONARIES, DICTIONARY_NAMES, type DictionaryName, SCHEMA_VERSION } from '../schema/columns.js';
import { KindCounts } from '../schema/kind-counts.js';
import type { TraceMetadata } from '../schema/metadata.js';
import { batchJob } from './batch-job.js';
import { type BatchPool, LocalPool } from './batch-pool.js';

/** Names that a batch uses and no earlier batch did, by dictionary. */
export type NewNames = Partial<Record<DictionaryName, readonly string[]>>;

/** End of stream: a message of length 0. */
const EOS = new Uint8Array(Uint32Array.of(0xffff_ffff, 0).buffer);

export interface WriterOptions extends OutputOptions {
  /** Compresses the record batches; without it, columns that no row of a batch has are holes in the file. */
  readonly compression?: Compression | undefined;
}

/** A batch that was handed on: what stands in front of its body. */
interface Submitted {
  /** Bytes of names in front of the batch. */
  readonly leadBytes: number;
  readonly metadataBytes: number;
}

/** Takes full batches in order and makes a trace of them. */
export interface BatchSink {
  /** The block that the batches belong to. */
  readonly block: BatchBlock;
  /** An empty batch to fill. */
  acquire(): EventBatch;
  /** Appends the batch and takes it back; it must not be touched afterwards. */
  submit(batch: EventBatch, names: NewNames): void;
  /** Shows the rows so far of the batch acquired last, which goes on being filled; only who can use them has this. */
  grow?(batch: EventBatch, names: NewNames): void;
  /** Completes the trace, which can be read now, and even be replaced, where it is written: its path is returned. */
  complete(metadata: TraceMetadata): string;
  /** Gives the complete trace its name. */
  publish(): void;
  /** Does both; a file of a set gets its name with the others. */
  finish(metadata: TraceMetadata): void;
  /** Gives up and removes the file, unless it has its name. */
  abort(): void;
}

/**
 * Writes a trace: an Arrow stream after the file magic, under `PATH.RANDOM.partial`, which can be read up to its last
 * complete batch at any moment; `finish` adds the footer of the file format and renames it. This class assigns everything
 * its place in the file; the batches, which are large, are written by its pool. A compressed batch gets its place from the
 * pool, which knows how long it has become.
 */
export class TraceWriter implements BatchSink {
  private readonly file: OutputFile;
  private readonly pool: BatchPool;
  private readonly names = new Map<DictionaryName, string[]>();
  private readonly fixedBlocks: MessageBlock[] = [];
  private readonly batches: Submitted[] = [];
  private readonly counts = new KindCounts();
  private readonly messages: BatchMessages;
  private rows = 0;
  /** Names since the last batch: their bytes, and in a compressed trace the messages, which wait for the next one. */
  private leadBytes = 0;
  private lead: Uint8Array[] = [];
  /** Where the first batch starts, with the names in front of it. */
  private readonly firstBatch: number;
  private at = 0;
  private isOpen = true;

  /** @throws P2mError P2M_OUTPUT, P2M_WRITE (usage) if the file can't be created */
  constructor(
    path: string,
    metadata: TraceMetadata,
    capacity = BATCH_ROWS,
    pool?: BatchPool,
    options: WriterOptions = {},
  ) {
    this.pool = pool ?? new LocalPool(capacity, options.compression);
    this.messages = new BatchMessages(this.pool.compression);
    this.file = new OutputFile(path, options);
    try {
      this.writeHead(metadata);
      this.firstBatch = this.at;
    } catch (error) {
      this.file.discard();
      throw error;
    }
  }

  get block(): BatchBlock {
    return this.pool.block;
  }

  /** Bytes of the file so far. */
  get bytes(): number {
    return this.file.bytes;
  }

  acquire(): EventBatch {
    return this.pool.acquire();
  }

  submit(batch: EventBatch, names: NewNames): void {
    for (const [name, added] of Object.entries(names) as [DictionaryName, readonly string[]][]) {
      this.addNames(name, added);
      this.names.get(name)?.push(...added);
    }
    if (batch.rows === 0) return;
    this.counts.add(batch.columns.kind, batch.columns.flags, batch.rows);
    const job = batchJob(batch, this.messages, this.rows, this.file.fd, this.at, this.lead);
    const { message, bodyBytes } = job;
    this.batches.push({ leadBytes: this.leadBytes, metadataBytes: message.framed.length });
    this.lead = [];
    this.leadBytes = 0;
    // Of no meaning if it is compressed.
    this.at += message.framed.length + bodyBytes;
    this.rows += job.rows;
    this.file.told(() => this.pool.submit(batch, job));
    this.file.reached(this.at);
  }

  complete(metadata: TraceMetadata): string {
    const batches = this.batchBlocks(this.file.told(() => this.pool.drain()));
    for (const bytes of this.lead) this.write(bytes);
    const blocks = [...this.fixedBlocks];
    // Readers of the file form see each growing dictionary once and complete; the deltas serve readers of the stream.
    for (const [name, names] of this.names) blocks.push(this.writeDictionary(name, names));
    this.write(EOS);
    const footer = encodeFooter(schemaPairs({ ...metadata, ...this.counts.summary(metadata) }), blocks, batches);
    this.write(footer);
    this.write(new Uint8Array(Int32Array.of(footer.length).buffer));
    this.write(Buffer.from(MAGIC, 'latin1'));
    this.file.complete();
    this.isOpen = false;
    return this.file.partial;
  }

  publish(): void {
    this.file.publish();
  }

  finish(metadata: TraceMetadata): void {
    this.complete(metadata);
    if (!this.file.isInSet) this.publish();
  }

  abort(): void {
    if (this.isOpen) this.pool.close();
    this.isOpen = false;
    this.file.discard();
  }

  private writeHead(metadata: TraceMetadata): void {
    this.write(Buffer.from(`${MAGIC}\0\0`, 'latin1'));
    this.write(encodeSchemaMessage(schemaPairs(metadata)));
    for (const name of DICTIONARY_NAMES) {
      const { grows, names } = DICTIONARIES[name];
      const block = this.writeDictionary(name, names);
      if (grows) this.names.set(name, [...names]);
      else this.fixedBlocks.push(block);
    }
  }

  /** Where the batches are, whose bodies have these lengths; what is written next follows them. */
  private batchBlocks(bodies: readonly number[]): MessageBlock[] {
    let at = this.firstBatch;
    const blocks = this.batches.map(({ leadBytes, metadataBytes }, i) => {
      const block = { offset: at + leadBytes, metadataBytes, bodyBytes: bodies[i] };
      at = block.offset + metadataBytes + block.bodyBytes;
      return block;
    });
    if (this.pool.compression !== undefined) this.at = at;
    return blocks;
  }

  /** Writes names that a batch needs in front of it. */
  private addNames(name: DictionaryName, added: readonly string[]): void {
    const { metadata, body } = encodeDictionaryMessage(DICTIONARY_NAMES.indexOf(name), added, true);
    this.leadBytes += metadata.length + body.length;
    if (this.pool.compression !== undefined) {
      this.lead.push(metadata, body);
      return;
    }
    this.write(metadata);
    this.write(body);
  }

  private writeDictionary(name: DictionaryName, names: readonly string[]): MessageBlock {
    const { metadata, body } = encodeDictionaryMessage(DICTIONARY_NAMES.indexOf(name), names, false);
    const block = { offset: this.at, metadataBytes: metadata.length, bodyBytes: body.length };
    this.write(metadata);
    this.write(body);
    return block;
  }

  private write(bytes: Uint8Array): void {
    this.file.write(bytes, this.at);
    this.at += bytes.length;
  }
}

function schemaPairs(metadata: TraceMetadata): [string, string][] {
  return [
    [VERSION_KEY, String(SCHEMA_VERSION)],
    [METADATA_KEY, JSON.stringify(metadata)],
  ];
}
