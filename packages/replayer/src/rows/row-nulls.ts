/** null in rows: an absent id or frame is negative, an unknown seq or number is NaN. */
export const idOrNull = (value: number): number | null => (value < 0 ? null : value);
export const numberOrNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
/** A seq; -1 stands for one before the trace. */
export const seqOrNull = (seq: number): number | null => (Number.isNaN(seq) || seq < 0 ? null : seq);
