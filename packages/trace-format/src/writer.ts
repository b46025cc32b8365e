import { closeSync, ftruncateSync, renameSync, rmSync, writeSync, writevSync } from 'node:fs';
import { DICTIONARIES, DICTIONARY_NAMES, type DictionaryName, SCHEMA_VERSION } from './columns.js';
import { P2mError } from './errors.js';
import { BATCH_ROWS, EventBatch } from './event-batch.js';
import { METADATA_KEY, VERSION_KEY } from './ipc/decode-schema.js';
import { encodeDictionaryMessage, encodeFooter, encodeSchemaMessage, type MessageBlock } from './ipc/encode-message.js';
import { KindCounts } from './kind-counts.js';
import type { TraceMetadata } from './metadata.js';
import { createPartial, partialName } from './output-file.js';
import { Sealer } from './seal.js';

/** Names that a batch uses and no batch before it did, by dictionary. */
export type NewNames = Partial<Record<DictionaryName, readonly string[]>>;

export const MAGIC = 'ARROW1';
/** End of stream: a message of length 0. */
const EOS = new Uint8Array(Uint32Array.of(0xffff_ffff, 0).buffer);

/** Takes filled batches, in order, and makes a trace of them. */
export interface BatchSink {
  /** An empty batch to fill. */
  acquire(): EventBatch;
  /** Appends the batch and takes it back; it must not be touched afterwards. */
  submit(batch: EventBatch, names: NewNames): void;
  /** Completes the trace: only now does the file appear under its name. */
  finish(metadata: TraceMetadata): void;
  /** Gives up; nothing is left of the file. Harmless after finish. */
  abort(): void;
}

/**
 * Writes a trace: an Arrow stream behind the file magic, under `PATH.partial`, readable up to its last whole batch
 * at any moment; `finish` adds the footer of the file format and renames it. All-null columns stay holes in the file.
 */
export class TraceWriter implements BatchSink {
  private readonly path: string;
  private readonly partial: string;
  private readonly fd: number;
  private readonly sealer = new Sealer();
  private readonly spare: EventBatch[] = [];
  private readonly capacity: number;
  private readonly names = new Map<DictionaryName, string[]>();
  private readonly fixedBlocks: MessageBlock[] = [];
  private readonly batches: MessageBlock[] = [];
  private readonly counts = new KindCounts();
  private rows = 0;
  private at = 0;
  private state: 'open' | 'finished' | 'aborted' = 'open';

  /** `fd`: what createPartial gave for the path. @throws P2mError P2M_WRITE where the file can't be created */
  constructor(path: string, metadata: TraceMetadata, capacity = BATCH_ROWS, fd = createPartial(path)) {
    this.path = path;
    this.partial = partialName(path);
    this.capacity = capacity;
    this.fd = fd;
    this.write(Buffer.from(`${MAGIC}\0\0`, 'latin1'));
    this.write(encodeSchemaMessage(schemaPairs(metadata)));
    for (const name of DICTIONARY_NAMES) {
      const { grows, names } = DICTIONARIES[name];
      const block = this.writeDictionary(name, names, false);
      if (grows) this.names.set(name, [...names]);
      else this.fixedBlocks.push(block);
    }
  }

  acquire(): EventBatch {
    return this.spare.pop() ?? new EventBatch(this.capacity);
  }

  submit(batch: EventBatch, names: NewNames): void {
    batch.fillBitmaps();
    this.append(batch, names);
    this.spare.push(batch);
  }

  /** Writes the batch, whose bitmaps are filled, and empties it. */
  append(batch: EventBatch, names: NewNames): void {
    for (const [name, added] of Object.entries(names) as [DictionaryName, readonly string[]][]) {
      this.writeDictionary(name, added, true);
      this.names.get(name)?.push(...added);
    }
    if (batch.rows > 0) {
      this.counts.add(batch.columns.kind, batch.columns.flags, batch.rows);
      const sealed = this.sealer.seal(batch, this.rows);
      const block = { offset: this.at, metadataBytes: sealed.metadata.length, bodyBytes: sealed.bodyBytes };
      this.write(sealed.metadata);
      const body = this.at;
      for (const run of contiguousRuns(sealed.pieces)) writevFully(this.fd, run.buffers, body + run.offset);
      this.at = body + sealed.bodyBytes;
      // Zeros at the end of the body were not written; a batch is whole only when the file reaches its end.
      ftruncateSync(this.fd, this.at);
      this.batches.push(block);
      this.rows += batch.rows;
      batch.clear(sealed.used);
    }
  }

  finish(metadata: TraceMetadata): void {
    const blocks = [...this.fixedBlocks];
    // Readers of the file form see each growing dictionary once and whole; the deltas serve readers of the stream.
    for (const [name, names] of this.names) blocks.push(this.writeDictionary(name, names, false));
    this.write(EOS);
    const footer = encodeFooter(schemaPairs({ ...metadata, ...this.counts.summary(metadata) }), blocks, this.batches);
    this.write(footer);
    this.write(new Uint8Array(Int32Array.of(footer.length).buffer));
    this.write(Buffer.from(MAGIC, 'latin1'));
    closeSync(this.fd);
    this.state = 'finished';
    try {
      renameSync(this.partial, this.path);
    } catch (cause) {
      throw new P2mError('P2M_WRITE', `the trace is whole but can't get its name: ${(cause as Error).message}`, {
        blame: 'usage',
        place: { file: this.path },
        remedy: `it is ${this.partial}; move it by hand`,
        cause,
      });
    }
  }

  abort(): void {
    if (this.state !== 'open') return;
    this.state = 'aborted';
    closeSync(this.fd);
    rmSync(this.partial, { force: true });
  }

  private writeDictionary(name: DictionaryName, names: readonly string[], isDelta: boolean): MessageBlock {
    const { metadata, body } = encodeDictionaryMessage(DICTIONARY_NAMES.indexOf(name), names, isDelta);
    const block = { offset: this.at, metadataBytes: metadata.length, bodyBytes: body.length };
    this.write(metadata);
    this.write(body);
    return block;
  }

  private write(bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.length) done += writeSync(this.fd, bytes, done, bytes.length - done, this.at + done);
    this.at += bytes.length;
  }
}

function schemaPairs(metadata: TraceMetadata): [string, string][] {
  return [
    [VERSION_KEY, String(SCHEMA_VERSION)],
    [METADATA_KEY, JSON.stringify(metadata)],
  ];
}

/** Pieces that touch each other, so that one system call writes them. */
function contiguousRuns(pieces: readonly { offset: number; bytes: Uint8Array }[]) {
  const runs: { offset: number; end: number; buffers: Uint8Array[] }[] = [];
  for (const { offset, bytes } of pieces) {
    const last = runs.at(-1);
    if (last !== undefined && last.end === offset && last.buffers.length < 512) {
      last.buffers.push(bytes);
      last.end += bytes.length;
    } else {
      runs.push({ offset, end: offset + bytes.length, buffers: [bytes] });
    }
  }
  return runs;
}

/** writev may write less than asked (a full disk says so with an error at the next call). */
function writevFully(fd: number, buffers: Uint8Array[], position: number): void {
  let rest = buffers;
  let at = position;
  while (rest.length > 0) {
    let written = writevSync(fd, rest, at);
    at += written;
    let skip = 0;
    while (skip < rest.length && written >= rest[skip].length) written -= rest[skip++].length;
    rest = rest.slice(skip);
    if (written > 0) rest[0] = rest[0].subarray(written);
  }
}
