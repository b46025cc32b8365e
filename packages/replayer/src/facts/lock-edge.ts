/** A lock taken inside another one, as `lock_edges` and `lock_gates` have it. */
export interface LockEdge {
  readonly held: number;
  readonly heldMode: number;
  readonly acquired: number;
  readonly acquiredMode: number;
  /** pcpus on which it happened, as a bit mask; bit 31 stands for all from 31 on. */
  readonly pcpus: number;
  /** What was held besides, every time. */
  readonly gates: readonly { readonly lock: number; readonly mode: number }[];
}
