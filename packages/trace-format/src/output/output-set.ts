/** What is complete, and waits for its name. */
interface Waiting {
  publish(): void;
  discard(): void;
}

/** Outputs that get their names one right after the other, once all of them are complete. */
export class OutputSet {
  private readonly waiting: Waiting[] = [];

  /** An output that is complete. */
  add(output: Waiting): void {
    this.waiting.push(output);
  }

  /** @throws P2mError P2M_WRITE (usage) */
  publish(): void {
    for (const output of this.waiting) output.publish();
  }

  /** Removes those that have not got their names. */
  discard(): void {
    for (const output of this.waiting) output.discard();
  }
}
