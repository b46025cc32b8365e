import type { DecodeContext, Decoder, Decoders } from './decode-context.js';
import { entryDecoders } from './decode-entries.js';
import { lockDecoders } from './decode-locks.js';
import { pageDecoders } from './decode-pages.js';
import { stockDecoders } from './decode-stock.js';
import { MEM_INDEXES, MEM_WORDS, memIndex } from './records.js';

/** The decoder of every TRC_MEM record by its memIndex; those of no known minor and size refuse. */
export function memDecoders(context: DecodeContext): readonly Decoder[] {
  const all: Decoders = {
    ...stockDecoders(context),
    ...lockDecoders(context),
    ...entryDecoders(context),
    ...pageDecoders(context),
  };
  const table = new Array<Decoder>(MEM_INDEXES).fill(refuse);
  for (const [minor, decoder] of Object.entries(all)) {
    table[memIndex((MEM_WORDS[Number(minor)] << 28) | Number(minor))] = decoder;
  }
  return table;
}

const refuse: Decoder = () => 0;
