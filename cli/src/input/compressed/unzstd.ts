import { setImmediate } from 'node:timers/promises';
import { ByteSource } from './byte-source.js';
import { damaged, unsupported } from './compressions.js';
import type { Decompress } from './decompress.js';
import { newZstdDecoder } from './new-zstd-decoder.js';
import { SizeBudget } from './size-budget.js';
import type { ZstdDecoder } from './zstd-decoder.js';
import {
  BLOCK_HEADER_BYTES,
  blockHeader,
  FRAME_MAGIC,
  type FrameHeader,
  frameHeader,
  frameHeaderBytes,
  isSkippable,
  RAW,
  RESERVED,
  RLE,
} from './zstd-frame.js';

/** The most that a block may contain. */
const BLOCK_BYTES = 1 << 17;
/** As zstd itself reads without being asked to: `zstd --ultra -22` needs as much. */
const MAX_WINDOW = 2 ** 27;
/** Blocks and frames after which signals and timers get their turn. */
const TURN_PARTS = 16;

/**
 * Decompresses Zstandard frames, one behind the other, and passes skippable ones over. The frames are walked here, block
 * by block: decoders in streams tell neither every cut nor what lies behind the first frame.
 * @throws P2mError P2M_ZSTD if the contents are damaged or need a dictionary or a larger window; P2M_MAX_BYTES (limit)
 */
export const unzstd: Decompress = async function* (input, name, onCut, maxBytes) {
  const source = new ByteSource(input);
  const walk = new FrameWalk(source, name, new SizeBudget('zstd', name, maxBytes));
  try {
    for (;;) {
      const start = await source.peek(4);
      if (start.length === 0) return;
      if (!(yield* walk.frame(start))) {
        onCut(source.position);
        return;
      }
    }
  } catch (error) {
    // A generator that is left must not hold the file open.
    await source.close();
    throw error;
  }
};

class FrameWalk {
  private readonly source: ByteSource;
  private readonly name: string;
  private readonly budget: SizeBudget;
  private parts = 0;

  constructor(source: ByteSource, name: string, budget: SizeBudget) {
    this.source = source;
    this.name = name;
    this.budget = budget;
  }

  /** Yields the contents of the frame that begins with `start`; returns false if the input ends within it. */
  async *frame(start: Uint8Array): AsyncGenerator<Uint8Array, boolean> {
    await this.turn();
    const magic = start.length < 4 ? undefined : Buffer.from(start).readUInt32LE();
    if (magic === undefined) return this.cut();
    if (isSkippable(magic)) {
      const head = await this.source.take(8);
      return head.length === 8 && (await this.source.skip(Buffer.from(head).readUInt32LE(4)));
    }
    if (magic !== FRAME_MAGIC) throw this.damaged('no frame begins here');
    const descriptor = (await this.source.peek(5))[4];
    if (descriptor === undefined) return this.cut();
    const headBytes = frameHeaderBytes(descriptor);
    const head = await this.source.take(headBytes);
    return head.length === headBytes && (yield* this.blocks(head));
  }

  private async *blocks(head: Uint8Array): AsyncGenerator<Uint8Array, boolean> {
    const header = this.checked(head);
    let decoder: ZstdDecoder | undefined;
    let left = header.contentBytes;
    const counted = (pieces: Uint8Array[]) => {
      for (const { length } of pieces) {
        this.budget.add(length, this.source.position);
        if (left === undefined) continue;
        left -= BigInt(length);
        if (left < 0n) throw this.damaged('a frame has more contents than it says');
      }
      return pieces;
    };
    const begun: Uint8Array[] = [head];
    try {
      for (let isLast = false; !isLast; ) {
        await this.turn();
        const block = await this.block(header);
        if (block === undefined) return false;
        begun.push(block.bytes);
        isLast = block.isLast;
        // An empty frame needs no decoder: thousands of them fit in a page.
        if (block.isEmpty) continue;
        decoder ??= await newZstdDecoder();
        for (const part of begun.splice(0)) yield* counted(await this.decoded(decoder.part(part)));
      }
      const checksum = await this.source.take(header.hasChecksum ? 4 : 0);
      if (checksum.length < (header.hasChecksum ? 4 : 0)) return false;
      if (decoder !== undefined || header.hasChecksum) {
        decoder ??= await newZstdDecoder();
        for (const part of begun) yield* counted(await this.decoded(decoder.part(part)));
        yield* counted(await this.decoded(decoder.end(checksum)));
      }
      if (left !== undefined && left !== 0n) throw this.damaged('a frame has fewer contents than it says');
      return true;
    } finally {
      decoder?.close();
    }
  }

  /** A block with its header; undefined if the input ends within it. */
  private async block({ windowBytes }: FrameHeader) {
    const head = await this.source.peek(BLOCK_HEADER_BYTES);
    if (head.length < BLOCK_HEADER_BYTES) {
      await this.cut();
      return undefined;
    }
    const { isLast, type, stored, size } = blockHeader(head);
    if (type === RESERVED) throw this.damaged('a block has no type');
    const most = windowBytes < BLOCK_BYTES ? Number(windowBytes) : BLOCK_BYTES;
    if (size > most) throw this.damaged('a block is larger than it may be');
    const bytes = await this.source.take(BLOCK_HEADER_BYTES + stored);
    if (bytes.length < BLOCK_HEADER_BYTES + stored) return undefined;
    return { bytes, isLast, isEmpty: (type === RAW || type === RLE) && size === 0 };
  }

  private checked(head: Uint8Array): FrameHeader {
    const header = frameHeader(head);
    if (header === undefined) throw this.damaged('the header of a frame has a bit without a meaning');
    if (header.dictionary !== 0) throw unsupported('zstd', 'the zstd file needs a dictionary', this.name);
    if (header.windowBytes > MAX_WINDOW) {
      const what = `the zstd file needs a window of ${header.windowBytes.toLocaleString('en-US')} bytes (zstd --long)`;
      throw unsupported('zstd', what, this.name);
    }
    return header;
  }

  private async decoded(made: Promise<Uint8Array[]>): Promise<Uint8Array[]> {
    try {
      return await made;
    } catch (error) {
      throw this.damaged((error as Error).message, error);
    }
  }

  private damaged(why: string, cause?: unknown) {
    return damaged('zstd', why, this.name, this.source.position, cause);
  }

  /** Takes what is left, so that the cut is behind it. */
  private async cut(): Promise<false> {
    await this.source.take(BLOCK_HEADER_BYTES + BLOCK_BYTES);
    return false;
  }

  private async turn(): Promise<void> {
    if (++this.parts % TURN_PARTS === 0) await setImmediate();
  }
}
