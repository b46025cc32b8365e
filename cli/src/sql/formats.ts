/**
 * Formats of a result; the last two are files that Arrow or DuckDB write. In `lists` each row is a line with a JSON list,
 * behind a line `{"columns":[…]}`: columns of one name stay apart, and a result without rows has columns.
 */
export const RESULT_FORMATS = ['table', 'chart', 'json', 'ndjson', 'lists', 'csv', 'md', 'arrow', 'parquet'] as const;
export type ResultFormat = (typeof RESULT_FORMATS)[number];
