import * as z from 'zod';

/**
 * Version of what a dataset looks like: raised when what is there means something else, so that older versions of p2mtrace
 * must not read it. Tables and columns that are added or gone need none: files are read by the names of columns.
 */
export const DATASET_SCHEMA = 1;

const entrySchema = z.strictObject({
  /** Name of its files, one in the folder of each table that has rows. */
  file: z.string().regex(/^[A-Za-z0-9][\w.-]*$/),
  /** Stands for the columns of its tables: files of one shape have the same. */
  shape: z.string(),
  /** Tables that have rows, with the size of the file. */
  tables: z.record(z.string().regex(/^\w+$/), z.strictObject({ bytes: z.int(), rows: z.int() })),
  /** Whose rows it has: `content` is the SHA-256 of the file, `key` also that of all that its rows depend on. */
  traces: z.array(z.strictObject({ trace: z.string(), content: z.string(), key: z.string() })).min(1),
});
/** Files of one trace, or of several that were put together. */
export type Entry = z.infer<typeof entrySchema>;

/** What there is of one night of one host. Files that it does not name are not there, whatever the folders have. */
export const partSchema = z.strictObject({ schema: z.int(), entries: z.array(entrySchema) });
export type Part = z.infer<typeof partSchema>;

/** A change that is under way: files that come or go with it, and the partitions that say which. */
export const pendingSchema = z.strictObject({ parts: z.array(z.string()), files: z.array(z.string()) });
export type Pending = z.infer<typeof pendingSchema>;
