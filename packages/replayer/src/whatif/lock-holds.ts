/** Who had each lock when, as recorded: by lock. */
export class LockHolds {
  /** Acquisitions so far, all and those for writing. */
  private readonly taken: number[] = [];
  private readonly takenWrites: number[] = [];
  /** When it was last given back, by anybody and by a writer. */
  private readonly givenAt: number[] = [];
  private readonly givenWriteAt: number[] = [];
  /** Who has it for writing, -1 for nobody. */
  private readonly owners: number[] = [];

  /** How many acquisitions must have been given back before one in that mode. */
  need(lock: number, shared: boolean): number {
    return (shared ? this.takenWrites[lock] : this.taken[lock]) ?? 0;
  }

  /** When it became free for that mode; -1 for unknown. */
  freeSince(lock: number, shared: boolean): number {
    return (shared ? this.givenWriteAt[lock] : this.givenAt[lock]) ?? -1;
  }

  ownerOf(lock: number): number {
    return this.owners[lock] ?? -1;
  }

  take(lock: number, shared: boolean, owner: number): void {
    this.taken[lock] = (this.taken[lock] ?? 0) + 1;
    if (shared) return;
    this.takenWrites[lock] = (this.takenWrites[lock] ?? 0) + 1;
    this.owners[lock] = owner;
  }

  give(lock: number, shared: boolean, now: number): void {
    this.givenAt[lock] = now;
    if (shared) return;
    this.givenWriteAt[lock] = now;
    this.owners[lock] = -1;
  }
}
