/** How many sections are at work at once, over time. */
export class WorkMeter {
  peak = 0;
  private working = 0;
  /** Sections that are at work, or would be if they did not wait. */
  private open = 0;
  private area = 0;
  private busy = 0;
  private since = 0;

  /** So many more, or less, are open and at work from now on. */
  change(time: number, open: number, working: number): void {
    if (time > this.since) {
      const ticks = time - this.since;
      this.area += ticks * this.working;
      if (this.open > 0) this.busy += ticks;
      if (this.working > this.peak) this.peak = this.working;
      this.since = time;
    }
    this.open += open;
    this.working += working;
  }

  /** Sections at work on average, while there is any that is open; 0 where there is none. */
  get mean(): number {
    return this.busy === 0 ? 0 : this.area / this.busy;
  }
}
