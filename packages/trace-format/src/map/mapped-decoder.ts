import type { BatchBlock } from '../kernel/batch-block.js';
import { decodeValue } from '../ndjson/decode-value.js';
import type { EventField } from '../ndjson/event-fields.js';
import { COLUMNS, DICTIONARIES, type DictionaryName, PRESENT } from '../schema/columns.js';
import { FLAG, type FlagName } from '../schema/flags.js';
import { KIND } from '../schema/kinds.js';
import { viewName } from '../schema/view-names.js';
import type { TraceNames } from '../write/trace-names.js';
import { fieldsOf } from './fields-of.js';
import type { MappedRecord, MappedWord } from './map-schema.js';

/** Writes the value in two words into a row; false if the column does not have it. */
type Put = (row: number, value: Uint32Array) => boolean;

interface Step extends Pick<MappedWord, 'word' | 'words' | 'shift'> {
  readonly from: number;
  readonly mask: number;
  readonly absent: readonly (readonly [low: number, high: number])[];
  readonly required: boolean;
  readonly bit: number;
  readonly put: Put;
}

interface Compiled {
  readonly kind: number;
  readonly words: number;
  readonly steps: readonly Step[];
  readonly set: readonly (readonly [EventField, unknown])[];
}

/** Decodes records whose words a map explains. */
export class MappedDecoder {
  private readonly block: BatchBlock;
  private readonly names: TraceNames;
  private readonly types: Uint8Array;
  private readonly records: ReadonlyMap<number, Compiled>;
  private readonly value = new Uint32Array(2);

  /** `types`: index of each wire p2m type, 255 for none. */
  constructor(records: readonly MappedRecord[], block: BatchBlock, names: TraceNames, types: Uint8Array) {
    this.block = block;
    this.names = names;
    this.types = types;
    this.records = new Map(records.map(record => [Number(record.id), this.compile(record)]));
  }

  has(event: number): boolean {
    return this.records.has(event);
  }

  /** Decodes `count` words at `at` into the row; returns its columns, 0 if the words do not fit. */
  decode(event: number, row: number, words: Uint32Array, at: number, count: number): number {
    const record = this.records.get(event);
    if (record === undefined || count < record.words) return 0;
    const { value } = this;
    this.block.columns.kind[row] = record.kind;
    let present = 0;
    for (const { word, words: width, from, mask, shift, absent, required, bit, put } of record.steps) {
      value[0] = ((words[at + word] >>> from) & mask) >>> 0;
      value[1] = width === 2 ? words[at + word + 1] : 0;
      if (absent.some(([low, high]) => value[0] === low && value[1] === high)) {
        if (required) return 0;
        continue;
      }
      if (shift > 0) {
        value[0] = (value[0] >>> shift) | (value[1] << (32 - shift));
        value[1] >>>= shift;
      }
      if (!put(row, value)) return 0;
      present |= bit;
    }
    for (const [field, constant] of record.set) {
      const batch = this.block.batches[Math.floor(row / this.block.batches[0].capacity)];
      decodeValue(field, constant, batch, row - batch.firstRow, this.names);
      present |= PRESENT[field.column];
    }
    return present;
  }

  private compile({ kind, words, set }: MappedRecord): Compiled {
    const fields = fieldsOf(kind);
    return {
      kind: KIND[kind],
      words: words.reduce((most, one) => Math.max(most, one.word + one.words), 0),
      steps: words.map(word => this.step(word, fields.get(word.column) as EventField)),
      set: Object.entries(set).map(([name, value]) => [fields.get(name) as EventField, value]),
    };
  }

  private step(word: MappedWord, field: EventField): Step {
    const [from, bits] = word.bits ?? [0, 32];
    const mask = bits === 32 ? 0xffff_ffff : 2 ** bits - 1;
    const absent: [number, number][] = [];
    if (word.absent !== undefined) absent.push(halves(BigInt(word.absent)));
    if (field.column === 'gfn' || field.column === 'mfn') absent.push([mask, word.words === 2 ? 0xffff_ffff : 0]);
    const { word: first, words, shift } = word;
    const bit = PRESENT[field.column];
    return { word: first, words, shift, from, mask, absent, required: field.required, bit, put: this.put(word, field) };
  }

  private put({ values }: MappedWord, { column, form }: EventField): Put {
    const target = this.block.columns[column];
    const { names, types } = this;
    switch (form) {
      case 'address': {
        const addresses = names[column as 'lock' | 'caller'];
        return (row, value) => store(target, row, addresses.of(value, 0));
      }
      case 'view':
        return (row, [low]) => store(target, row, names.view.of(values?.[low] ?? viewName(low)));
      case 'name': {
        const all = names[column as 'lock_class' | 'symbol'];
        return (row, [low]) => values?.[low] !== undefined && store(target, row, all.of(values[low]));
      }
      case 'flags': {
        const bits = Object.entries(values ?? {}).map(([bit, name]) => [Number(bit), FLAG[name as FlagName]]);
        return (row, [low]) => {
          target[row] = bits.reduce((all, [bit, flag]) => ((low >>> bit) & 1 ? all | flag : all), 0);
          return true;
        };
      }
      case 'enum':
      case 'p2m_type': {
        const dictionary = form === 'enum' ? (column as DictionaryName) : 'p2m_type';
        const known: readonly string[] = DICTIONARIES[dictionary].names;
        const width = form === 'enum' ? 1 : 2;
        const indexOf = (number: number): number => {
          if (values !== undefined) return known.indexOf(values[number] ?? '');
          if (dictionary !== 'p2m_type') return number < known.length ? number : -1;
          return number < types.length && types[number] !== 255 ? types[number] : -1;
        };
        return (row, [low, high]) => high === 0 && store(target, width * row, indexOf(low));
      }
      case 'hex':
      case 'tsc':
        return (row, value) => {
          target.set(value, 2 * row);
          return true;
        };
      default: {
        const most = { u8: 0xff, u16: 0xffff, u32: 0xffff_ffff }[COLUMNS[column].type as 'u8'] ?? 0xffff_ffff;
        return (row, [low, high]) => high === 0 && low <= most && store(target, row, low);
      }
    }
  }
}

/** Stores a number, if it is one: negative ones are names that are not known. */
function store(target: Uint8Array | Uint16Array | Uint32Array | Int32Array, at: number, value: number): boolean {
  if (value < 0) return false;
  target[at] = value;
  return true;
}

const halves = (value: bigint): [number, number] => [Number(value & 0xffff_ffffn), Number(value >> 32n)];
