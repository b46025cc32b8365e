/**
 * Makes the contents of a compressed input, piece by piece, a megabyte at a time or so. If the input was cut, everything
 * before the cut is returned and `onCut` is called with the number of its bytes.
 * @param name the input's, for errors
 * @param maxBytes `--max-bytes`; 0 for any number
 */
export type Decompress = (
  input: AsyncIterable<Uint8Array>,
  name: string,
  onCut: (compressedBytes: number) => void,
  maxBytes?: number,
) => AsyncGenerator<Uint8Array>;
