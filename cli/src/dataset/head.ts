import { P2mError } from '@p2mtrace/trace-format/errors';
import { DATASET_SCHEMA } from './part.js';

const FORMAT = 'p2mtrace-dataset';

/** `dataset.json`: that a folder is a dataset, and of which schema. */
export const HEAD = `${JSON.stringify({ format: FORMAT, schema: DATASET_SCHEMA })}\n`;

/** @throws P2mError P2M_DATASET_SCHEMA, P2M_DATASET_DAMAGED if the text is no such */
export function checkHead(path: string, text: string): void {
  let head: { readonly format?: unknown; readonly schema?: unknown } = {};
  try {
    head = JSON.parse(text) as typeof head;
  } catch {
    // It is none.
  }
  if (head?.format !== FORMAT || typeof head.schema !== 'number') throw damaged(path, 'it says nothing of a dataset');
  if (head.schema > DATASET_SCHEMA) throw newerSchema(path, head.schema);
}

/** What is refused, as an older version must not read it. */
export const newerSchema = (file: string, schema: number) =>
  new P2mError('P2M_DATASET_SCHEMA', `the dataset has schema ${schema}; this version knows ${DATASET_SCHEMA}`, {
    place: { file },
    remedy: 'use the version of p2mtrace that wrote it, or a later one',
  });

/** What is not as it was written. */
export const damaged = (file: string, why: string) =>
  new P2mError('P2M_DATASET_DAMAGED', why, {
    place: { file },
    remedy: 'restore it; or remove it and the Parquet files of its night and host, and audit their traces again',
  });
