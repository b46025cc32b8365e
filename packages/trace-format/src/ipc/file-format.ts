/** Stands at both ends of an Arrow file. */
export const MAGIC = 'ARROW1';

/** A batch's custom metadata, so that a seek need not read a column. */
export const FIRST_SEQ_KEY = 'p2mtrace.first_seq';
export const FIRST_TSC_KEY = 'p2mtrace.first_tsc';
export const LAST_TSC_KEY = 'p2mtrace.last_tsc';
