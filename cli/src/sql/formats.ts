/** Formats of a result; the last two are files that Arrow or DuckDB write. */
export const RESULT_FORMATS = ['table', 'chart', 'json', 'ndjson', 'csv', 'md', 'arrow', 'parquet'] as const;
export type ResultFormat = (typeof RESULT_FORMATS)[number];
