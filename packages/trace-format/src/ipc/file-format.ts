/** What stands at both ends of an Arrow file. */
export const MAGIC = 'ARROW1';

/** What a batch says about itself in its custom metadata, so that a seek needs no column. */
export const FIRST_SEQ_KEY = 'p2mtrace.first_seq';
export const FIRST_TSC_KEY = 'p2mtrace.first_tsc';
export const LAST_TSC_KEY = 'p2mtrace.last_tsc';
