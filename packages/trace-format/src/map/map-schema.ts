import * as z from 'zod';
import { usageError } from '../errors.js';
import type { EventField } from '../ndjson/event-fields.js';
import { COLUMNS, type ColumnSpec } from '../schema/columns.js';
import { FLAG_NAMES, type FlagName } from '../schema/flags.js';
import { KINDS, type KindName } from '../schema/kinds.js';
import { suggestion } from '../suggestion.js';
import { fieldsOf } from './fields-of.js';

const kind = z.enum(KINDS.map(({ name }) => name) as [KindName, ...KindName[]]);
const text = z.string().min(1);

/** A column of a row, and where in the record its value is. Words count from 0, behind the header and the TSC. */
const word = z.strictObject({
  column: text,
  word: z.int().min(0).max(6),
  /** 2 for a value in two words, the low one first. */
  words: z.literal([1, 2]).default(1),
  /** First bit and number of bits, of one word. */
  bits: z.tuple([z.int().min(0).max(31), z.int().min(1).max(32)]).optional(),
  /** Bits by which the value is shifted right: 12 makes a frame of an address. */
  shift: z.int().min(0).max(31).default(0),
  /** Names by the numbers that stand for them; of flags, by their bits. */
  values: z.record(z.string().regex(/^\d+$/), text).optional(),
  /** The number that means that there is no value; of gfn and mfn, all ones mean it, too. */
  absent: z
    .string()
    .regex(/^(?:\d{1,20}|0x[0-9a-f]{1,16})$/i)
    .optional(),
});

const record = z.strictObject({
  id: z.string().regex(/^0x0*[0-9a-f]{1,7}$/i),
  kind,
  words: z.array(word),
  /** Values that every such record has, as in NDJSON. */
  set: z.record(text, z.unknown()).default({}),
});

const csv = z.strictObject({
  delimiter: z.string().length(1).default(','),
  /** The column that names the kind, and its kinds by what it has; or one kind for all lines. */
  kind: z.union([kind, z.strictObject({ column: text, values: z.record(text, kind.or(z.null())) })]),
  /** By the column of a trace: the column of the CSV, and names by what it has. */
  columns: z.record(
    text,
    z.strictObject({ column: text, values: z.record(text, text.or(z.null())).optional() }).or(text),
  ),
});

const schema = z.strictObject({
  p2mtraceMap: z.literal(1),
  records: z.array(record).default([]),
  csv: csv.optional(),
});

export type ImportMap = z.infer<typeof schema>;
export type MappedRecord = ImportMap['records'][number];
export type MappedWord = MappedRecord['words'][number];
export type MappedCsv = NonNullable<ImportMap['csv']>;

const wrong = (what: string, at: string) =>
  usageError('P2M_MAP', `the map does not fit: ${at}: ${what}`, 'docs/import.md says what a map has');

/** Reads a map of other people's records (docs/import.md). @throws P2mError P2M_MAP (usage) */
export function parseMap(json: string): ImportMap {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw usageError('P2M_MAP', `the map is not JSON: ${(error as Error).message}`, 'docs/import.md has an example');
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw wrong(issue.message, issue.path.join('.') || 'the whole');
  }
  const ids = new Set<number>();
  result.data.records.forEach((one, i) => {
    checkRecord(one, `records.${i}`);
    if (ids.size === ids.add(Number(one.id)).size) throw wrong(`${one.id} is there twice`, `records.${i}.id`);
  });
  return result.data;
}

/** Columns that all records have from their place in the capture. */
const GIVEN = ['tsc', 'tsc_own', 'pcpu', 'cur_domid', 'cur_vcpu', 'symbol', 'raw'];

function checkRecord({ kind: name, words, set }: MappedRecord, at: string): void {
  const fields = fieldsOf(name);
  const columns = [...words.map(one => one.column), ...Object.keys(set)];
  columns.forEach((column, i) => {
    if (!fields.has(column) || GIVEN.includes(column)) {
      const known = [...fields.keys()].filter(field => !GIVEN.includes(field));
      throw wrong(
        `${column} is no column of ${name}${suggestion(column, known) || `; it has ${known.join(', ')}`}`,
        at,
      );
    }
    if (columns.indexOf(column) !== i) throw wrong(`${column} is there twice`, at);
  });
  const missing = [...fields.values()].find(field => field.required && !columns.includes(field.name));
  if (missing !== undefined) throw wrong(`${name} needs ${missing.name}`, at);
  words.forEach((one, i) => {
    checkWord(one, fields.get(one.column) as EventField, `${at}.words.${i}`);
  });
}

function checkWord({ word: first, words, bits, values }: MappedWord, { column, form }: EventField, at: string): void {
  if (first + words > 7) throw wrong('a record has at most 7 words', at);
  if (bits !== undefined && (words === 2 || bits[0] + bits[1] > 32)) throw wrong('bits are those of one word', at);
  if (form === 'name' && values === undefined) throw wrong('names need values', at);
  const spec: ColumnSpec = COLUMNS[column];
  if (spec.type === 'binary') throw wrong('raw bytes can have no column', at);
  if (form !== 'flags') return;
  for (const [bit, flag] of Object.entries(values ?? {})) {
    if (Number(bit) > 31 || !FLAG_NAMES.includes(flag as FlagName)) throw wrong(`${flag} is no flag of bit ${bit}`, at);
  }
}
