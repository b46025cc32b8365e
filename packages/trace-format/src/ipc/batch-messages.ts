import type { Compression } from '../compress/codec.js';
import { bodyLayout } from './body-layout.js';
import { type BatchMessage, encodeBatchMessage } from './encode-message.js';

/** Digits of the largest u64. Numbers are padded to this width, so their place is fixed before their value is known. */
const DIGITS = 20;

/** Metadata of batches with the same rows, raw payload bytes and numbers differs only in the digits of the numbers. */
interface Template {
  readonly shape: string;
  readonly message: BatchMessage;
  readonly bodyBytes: number;
  /** Where the digits of each number start. */
  readonly places: readonly number[];
}

/** Encodes the metadata of batches. Most are as large as the one before, so this copies and fills in other digits. */
export class BatchMessages {
  private readonly compression: Compression | undefined;
  private template: Template | undefined;

  constructor(compression?: Compression) {
    this.compression = compression;
  }

  /**
   * `bodyBytes` is that of a body without compression. `numbers`: custom metadata by key, the same keys each time or
   * fewer; decimal, with leading zeros.
   */
  encode(
    rows: number,
    rawBytes: number,
    numbers: readonly (readonly [key: string, value: bigint])[],
  ): { message: BatchMessage; bodyBytes: number } {
    const shape = `${rows} ${rawBytes} ${numbers.length}`;
    if (this.template?.shape !== shape) this.template = this.makeTemplate(shape, rows, rawBytes, numbers);
    const { message, bodyBytes, places } = this.template;
    const framed = Buffer.from(message.framed);
    numbers.forEach(([, value], i) => {
      framed.write(String(value).padStart(DIGITS, '0'), places[i], 'latin1');
    });
    return { message: { ...message, framed }, bodyBytes };
  }

  private makeTemplate(
    shape: string,
    rows: number,
    rawBytes: number,
    numbers: readonly (readonly [string, bigint])[],
  ): Template {
    const { regions, bytes: bodyBytes } = bodyLayout(rows, rawBytes);
    const blanks = numbers.map(([key], i): [string, string] => [key, `#${i}`.padEnd(DIGITS, '#')]);
    const message = encodeBatchMessage(rows, regions, bodyBytes, blanks, this.compression);
    const framed = Buffer.from(message.framed);
    return { shape, message, bodyBytes, places: blanks.map(([, blank]) => framed.indexOf(blank, 0, 'latin1')) };
  }
}
