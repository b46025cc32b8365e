import type { StateImage, StatePart } from '../memory/state-image.js';

/** After this many unexplained mismatches, order can't be the cause, and no other order is looked for. */
export const MAX_UNEXPLAINED = 500;
/** Numbers of an entry of `ends`. */
const END = 4;

/** Where a replay's order differs from the recorded one, as far as it still matters: part of the state. */
export class SettledOrder implements StatePart {
  /** seqs of events that were applied before their turn. */
  private readonly ahead: number[] = [];
  /** Pairs of seqs: an event still to come, and the one of its frame that comes before it in the order that was found. */
  private readonly planned: number[] = [];
  /** seqs of events still to come whose count need not follow the previous one: they happened in another order. */
  private readonly explained: number[] = [];
  /** The count after such a stretch: seq of its last event, 1 for type_info, and the two words. */
  private readonly ends: number[] = [];
  /** The current event is such an event: a mismatch is not a divergence. */
  explaining = false;
  /** Events whose recorded order contradicts itself, while another order within their windows does not. */
  reordered = 0;
  /** Mismatches that no order explained. */
  unexplained = 0;

  /** True if nothing is settled that still matters: events are applied as they were recorded. */
  get isRecorded(): boolean {
    return this.ahead.length === 0 && this.explained.length === 0 && this.planned.length === 0;
  }

  /** True if the event was already applied. */
  wasApplied(seq: number): boolean {
    return this.ahead.length > 0 && this.ahead.includes(seq);
  }

  isExplained(seq: number): boolean {
    return this.explained.length > 0 && this.explained.includes(seq);
  }

  applyAhead(seq: number): void {
    this.ahead.push(seq);
  }

  /** These are to be applied in this order, whatever was planned for them before. */
  plan(seqs: readonly number[]): void {
    for (const seq of seqs) this.unplan(seq);
    for (let i = 1; i < seqs.length; i++) this.planned.push(seqs[i], seqs[i - 1]);
  }

  /** A plan can't be followed. What others are left is found again where counts contradict their recorded order. */
  dropPlans(): void {
    this.planned.length = 0;
  }

  /** seqs of events that the plan has before this one, and that were not applied yet, in their order; asked once. */
  takePlannedBefore(seq: number): readonly number[] {
    if (this.planned.length === 0) return [];
    const before: number[] = [];
    for (let at = this.plannedBefore(seq); at > seq && !this.wasApplied(at); at = this.plannedBefore(at))
      before.unshift(at);
    this.unplan(seq);
    return before;
  }

  private plannedBefore(seq: number): number {
    for (let at = 0; at < this.planned.length; at += 2) if (this.planned[at] === seq) return this.planned[at + 1];
    return -1;
  }

  private unplan(seq: number): void {
    for (let at = this.planned.length - 2; at >= 0; at -= 2) if (this.planned[at] === seq) this.planned.splice(at, 2);
  }

  explain(seq: number): void {
    this.explained.push(seq);
  }

  /** After the event with this seq, count_info or type_info has this value. */
  endWith(seq: number, isType: boolean, low: number, high: number): void {
    this.ends.push(seq, isType ? 1 : 0, low, high);
  }

  /** Forgets the event: its turn is over. */
  pass(seq: number): void {
    this.unplan(seq);
    for (const list of [this.ahead, this.explained]) {
      const at = list.indexOf(seq);
      if (at >= 0) list.splice(at, 1);
    }
  }

  /** The count after this event; can be taken once. */
  takeEnd(seq: number): { isType: boolean; low: number; high: number } | undefined {
    for (let at = 0; at < this.ends.length; at += END) {
      if (this.ends[at] !== seq) continue;
      const [, isType, low, high] = this.ends.splice(at, END);
      return { isType: isType !== 0, low, high };
    }
    return undefined;
  }

  transfer(image: StateImage): void {
    image.numbers('ahead', this.ahead);
    image.numbers('planned', this.planned);
    image.numbers('explained', this.explained);
    image.numbers('ends', this.ends);
    this.reordered = image.number('reordered', this.reordered);
    this.unexplained = image.number('unexplained', this.unexplained);
  }
}
