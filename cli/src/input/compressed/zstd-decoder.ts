/** Decodes one frame, which comes in its parts. */
export interface ZstdDecoder {
  /** The header, or one block with its header; returns contents, of this part or one before. @throws Error */
  part(bytes: Uint8Array): Promise<Uint8Array[]>;
  /** The frame's checksum, if it has one; returns the rest of the contents. @throws Error */
  end(checksum: Uint8Array): Promise<Uint8Array[]>;
  close(): void;
}
