import { P2mError } from '../errors.js';
import { COLUMN_NAMES, COLUMNS, type ColumnName, type ColumnSpec, type DictionaryName } from '../schema/columns.js';
import { getU53 } from '../u64.js';
import type { BatchInfo } from './batch-info.js';
import { BatchMemory } from './batch-memory.js';
import type { RandomAccess } from './file-access.js';
import { isValid, type ReadBatch, readBatch } from './read-batch.js';

/** Reports a problem of a batch, at a byte of the file. */
export type AddProblem = (code: string, what: string, byte: number) => void;

const memory = new BatchMemory();

/** Reads each column of a batch separately, so that each damaged one is reported. */
export function validateBatch(
  file: RandomAccess,
  info: BatchInfo,
  names: ReadonlyMap<DictionaryName, readonly string[]>,
  addProblem: AddProblem,
): void {
  for (const name of COLUMN_NAMES) {
    try {
      // Indices as they are in the file, not translated as the reader would; holes are read too.
      const batch = readBatch(file, info, [name], memory, () => {}, { holes: true });
      if (name === 'seq') checkSeq(batch as ReadBatch<'seq'>, info, addProblem);
      const { dictionary }: ColumnSpec = COLUMNS[name];
      const known = dictionary && names.get(dictionary);
      if (known !== undefined) checkIndices(batch, name, known.length, info, addProblem);
    } catch (error) {
      if (!(error instanceof P2mError)) throw error;
      addProblem(error.code, error.message, error.place.byte ?? info.body);
    }
  }
}

/** Checks that each row's seq is one more than that of the row before. */
function checkSeq(batch: ReadBatch<'seq'>, info: BatchInfo, addProblem: AddProblem): void {
  for (let row = 0; row < batch.rows; row++) {
    const seq = getU53(batch.columns.seq, row);
    if (seq === info.firstSeq + row) continue;
    addProblem('P2M_SEQ', `row ${row} has seq ${seq} instead of ${info.firstSeq + row}`, info.body);
    return;
  }
}

/** Checks that a dictionary column points at existing names. */
function checkIndices(
  batch: ReadBatch<ColumnName>,
  column: ColumnName,
  limit: number,
  info: BatchInfo,
  addProblem: AddProblem,
): void {
  const values = batch.columns[column];
  const validity = batch.validity[column];
  for (let row = 0; row < batch.rows; row++) {
    if (values[row] < limit || (validity !== undefined && !isValid(validity, row))) continue;
    addProblem('P2M_NAME', `${column} of row ${row} is ${values[row]}, but there are ${limit} names`, info.body);
    return;
  }
}
