import { P2mError } from '@p2mtrace/trace-format/errors';
import { type CompressionName, labelOf } from './compressions.js';

/** Real captures shrink to a tenth, and to a fortieth with xz; what shrinks to less is made to fill memory or disk, or empty. */
const MAX_RATIO = 200;
/** As much may come out of any compressed input. */
const FREE_BYTES = 2 ** 25;
/** Most bytes that come out of one, unless `--max-bytes` says otherwise. */
const MAX_BYTES = 2 ** 36;

/** Counts what comes out of a compressed input. */
export class SizeBudget {
  private readonly compression: CompressionName;
  private readonly file: string;
  private readonly maxBytes: number | undefined;
  private out = 0;

  /** @param maxBytes 0 for any number */
  constructor(compression: CompressionName, file: string, maxBytes: number | undefined) {
    this.compression = compression;
    this.file = file;
    this.maxBytes = maxBytes;
  }

  /**
   * More bytes came out of the first `compressed` bytes of the input.
   * @throws P2mError P2M_MAX_BYTES (limit)
   */
  add(bytes: number, compressed: number): void {
    this.out += bytes;
    const isBomb = this.maxBytes === undefined && this.out > FREE_BYTES && this.out > compressed * MAX_RATIO;
    const most = this.maxBytes ?? MAX_BYTES;
    if (!isBomb && (most === 0 || this.out <= most)) return;
    const what = isBomb
      ? `grows to more than ${MAX_RATIO} times its size`
      : `has more than ${most.toLocaleString('en-US')} bytes of contents`;
    throw new P2mError('P2M_MAX_BYTES', `the ${labelOf(this.compression)} ${what}`, {
      blame: 'limit',
      place: { file: this.file, byte: compressed },
      remedy: 'allow as many with --max-bytes, such as 100G, or 0 for any number; or decompress it first',
    });
  }
}
