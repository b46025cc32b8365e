import { crc32 } from 'node:zlib';
import type { Codec } from '../compress/codec.js';
import { codecOf } from '../compress/codec-of.js';
import { containedBytes, expandBuffer } from '../compress/compressed-buffer.js';
import { P2mError } from '../errors.js';
import { bodyLayout, type ColumnRegion } from '../ipc/body-layout.js';
import { COLUMNS, type ColumnName, RAW_MAX } from '../schema/columns.js';
import type { BatchInfo } from './batch-info.js';
import type { BatchMemory } from './batch-memory.js';
import type { RandomAccess } from './file-access.js';

/** Other writers may compress a buffer with what it has to spare; no more than this many bytes. */
const SPARE = 1 << 16;

/**
 * Reads columns of a compressed batch into `memory`, where they lie as without compression. What a buffer claims to
 * contain is held against the rows before anything is decompressed.
 */
export class CompressedBatch {
  private readonly file: RandomAccess;
  private readonly info: BatchInfo;
  private readonly memory: BatchMemory;
  private readonly codec: Codec;
  private readonly layout: readonly ColumnRegion[];
  private readonly buffer: ArrayBuffer;

  /** @throws P2mError P2M_CODEC, P2M_TOO_LARGE */
  constructor(file: RandomAccess, info: BatchInfo, memory: BatchMemory) {
    const { compression } = info.header;
    if (compression === undefined) throw new Error('the batch is not compressed');
    this.file = file;
    this.info = info;
    this.memory = memory;
    this.codec = codecOf(compression);
    // How many bytes `raw` has, only its buffer tells; it is the last column, and has memory of its own.
    const { regions, bytes } = bodyLayout(info.rows, 0, info.header.version);
    this.layout = regions;
    this.buffer = memory.take(bytes);
  }

  /**
   * Reads column number `index`, and returns where it lies in which memory.
   * `crc`: of the column as stored; undefined if it is not to be compared.
   */
  read(index: number, crc: number | undefined): { buffer: ArrayBuffer; region: ColumnRegion } {
    const stored = this.info.header.regions[index];
    const isRaw = COLUMNS[stored.name].type === 'binary';
    const whole = crc === undefined ? undefined : this.memory.takeStored(stored.bytes);
    if (whole !== undefined) {
      this.file.read(whole, this.info.body + stored.offset);
      if (crc32(whole) !== crc) throw this.damaged(stored, 'its checksum does not match');
    }
    const bytesOf = ({ offset, bytes }: { readonly offset: number; readonly bytes: number }) => {
      if (whole !== undefined) return whole.subarray(offset - stored.offset, offset - stored.offset + bytes);
      const part = this.memory.takeStored(bytes);
      this.file.read(part, this.info.body + offset);
      return part;
    };
    const { buffer, region } = isRaw
      ? this.rawRegion(stored, bytesOf(stored.values))
      : { buffer: this.buffer, region: this.layout[index] };
    // Absent where no value is null.
    const hasBitmap = stored.validity.bytes > 0;
    const validity = hasBitmap ? region.validity : { ...region.validity, bytes: 0 };
    if (hasBitmap) this.expand(stored, bytesOf(stored.validity), buffer, validity);
    if (stored.offsets && region.offsets) this.expand(stored, bytesOf(stored.offsets), buffer, region.offsets);
    this.expand(stored, bytesOf(stored.values), buffer, region.values);
    return { buffer, region: { ...region, validity } };
  }

  /** A column that no row has, without reading it. */
  absent(index: number): { buffer: ArrayBuffer; region: ColumnRegion } {
    const region = this.layout[index];
    new Uint8Array(this.buffer, region.offset, region.bytes).fill(0);
    return { buffer: this.buffer, region };
  }

  /** Room for `raw`, as large as its values say. */
  private rawRegion(stored: ColumnRegion, values: Uint8Array) {
    const { rows, header } = this.info;
    const bytes = containedBytes(values);
    if (bytes === undefined || bytes > rows * RAW_MAX) throw this.damaged(stored, `it claims ${bytes} bytes`);
    const region = bodyLayout(rows, bytes, header.version).regions.at(-1) as ColumnRegion;
    const { offset } = region;
    const from = <T extends { readonly offset: number }>(part: T) => ({ ...part, offset: part.offset - offset });
    const { validity, offsets, values: place } = region;
    const buffer = this.memory.takeRaw(region.bytes);
    return {
      buffer,
      region: {
        ...from(region),
        validity: from(validity),
        values: from(place),
        ...(offsets && { offsets: from(offsets) }),
      },
    };
  }

  private expand(
    column: ColumnRegion,
    stored: Uint8Array,
    buffer: ArrayBuffer,
    { offset, bytes }: { readonly offset: number; readonly bytes: number },
  ): void {
    const claimed = containedBytes(stored);
    const isOurs = this.info.header.crcs !== undefined;
    if (claimed === undefined || claimed < bytes || claimed > bytes + (isOurs ? 0 : SPARE)) {
      throw this.damaged(column, `${claimed ?? 'no'} bytes in the place of ${bytes}`);
    }
    const into = new Uint8Array(buffer, offset, bytes);
    try {
      if (claimed === bytes) {
        expandBuffer(stored, into, this.codec);
        return;
      }
      const larger = new Uint8Array(claimed);
      expandBuffer(stored, larger, this.codec);
      into.set(larger.subarray(0, bytes));
    } catch (error) {
      if (error instanceof P2mError) throw error;
      throw this.damaged(column, (error as Error).message);
    }
  }

  private damaged({ name, offset }: { readonly name: ColumnName; readonly offset: number }, what: string): P2mError {
    return new P2mError('P2M_DAMAGED', `column ${name} can't be decompressed: ${what}`, {
      place: { batch: this.info.index, byte: this.info.body + offset, field: name },
      remedy: 'copy the trace again, or import the capture again',
    });
  }
}
