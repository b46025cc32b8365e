const SUBMITTED = 0;
const TAKEN = 1;
/** From here on, by slot: the number of the last job done there, plus 1. */
const DONE = 2;
/** More than there are jobs: nothing is left to take. */
const CLOSED = 0x7fff_ffff;

/**
 * Which jobs threads have submitted, taken and done. Jobs are numbered from 0 and taken in that order; job n works on
 * slot n modulo the number of slots, and is only submitted when the job before it there is done.
 */
export class JobCounter {
  private readonly words: Int32Array;
  private readonly slots: number;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
    this.slots = this.words.length - DONE;
  }

  static memory(slots: number): SharedArrayBuffer {
    return new SharedArrayBuffer((DONE + slots) * 4);
  }

  /** Says that there are that many jobs now. */
  submit(jobs: number): void {
    Atomics.store(this.words, SUBMITTED, jobs);
    Atomics.notify(this.words, SUBMITTED);
  }

  /** Takes the first job that nobody has taken; -1 when there is none. */
  take(): number {
    for (;;) {
      const job = Atomics.load(this.words, TAKEN);
      if (job >= Atomics.load(this.words, SUBMITTED)) return -1;
      if (Atomics.compareExchange(this.words, TAKEN, job, job + 1) === job) return job;
    }
  }

  /** As take, but waits for a job; -1 when there will be none. */
  takeNext(): number {
    for (;;) {
      const submitted = Atomics.load(this.words, SUBMITTED);
      const job = this.take();
      if (job >= 0) return job;
      if (Atomics.load(this.words, TAKEN) === CLOSED) return -1;
      Atomics.wait(this.words, SUBMITTED, submitted);
    }
  }

  done(job: number): void {
    const slot = DONE + (job % this.slots);
    Atomics.store(this.words, slot, job + 1);
    Atomics.notify(this.words, slot);
  }

  isDone(job: number): boolean {
    return Atomics.load(this.words, DONE + (job % this.slots)) > job;
  }

  /** Returns when the job, which somebody has taken, is done. */
  waitFor(job: number): void {
    const slot = DONE + (job % this.slots);
    for (;;) {
      const last = Atomics.load(this.words, slot);
      if (last > job) return;
      Atomics.wait(this.words, slot, last);
    }
  }

  /** Lets nobody take a job any more; returns how many have been taken. */
  close(): number {
    const taken = Atomics.exchange(this.words, TAKEN, CLOSED);
    // Whoever waits for a job sees that something has changed.
    Atomics.add(this.words, SUBMITTED, 1);
    Atomics.notify(this.words, SUBMITTED);
    return taken;
  }
}
