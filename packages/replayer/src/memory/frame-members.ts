import { DomainFrames } from './domain-frames.js';
import { FrameRecords } from './frame-records.js';
import { Records } from './records.js';
import type { StateImage } from './state-image.js';

/** By mfn: the first member, the number of members, and 1 if there can be no others. */
const FIRST = 0;
const COUNT = 1;
const COMPLETE = 2;
const HEAD = 3;

/** A member: the next one of the same (domid, gfn); what it is; its neighbours in both lists; the owner's value. */
const MFN = 1;
const DOMID = 2;
const GFN = 3;
const BEFORE = 4;
const AFTER = 5;
const SAME_GFN_BEFORE = 6;
const SEQ = 7;
const VALUE = 8;
const TAG = 9;
const MEMBER = 10;

/** A gfn that belongs to a frame. */
export interface Member {
  readonly domid: number;
  readonly gfn: number;
  /** The event that made it a member, NaN for before the trace. */
  readonly seq: number;
  readonly value: number;
}

/**
 * Lists of (domid, gfn) by frame: reverse maps of shared frames (docs/xen.md#sharing-invariants), chains of overrides
 * (docs/xen.md#m2p-override). Joining and leaving take the same time however long a list is. A frame whose last member
 * leaves has no list any more.
 */
export class FrameMembers {
  private readonly heads = new FrameRecords(HEAD);
  private readonly members = new Records(MEMBER);
  /** domid → gfn → its first member: a gfn may belong to several frames while it moves from one to another. */
  private readonly byGfn = new DomainFrames(1);

  /** Frames that have members. */
  get size(): number {
    return this.heads.size;
  }

  /** Number of members of the frame. */
  count(mfn: number): number {
    const at = this.heads.find(mfn);
    return at < 0 ? 0 : this.heads.data[at + COUNT];
  }

  /** True if the frame is known to have no other members. */
  isComplete(mfn: number): boolean {
    const at = this.heads.find(mfn);
    return at >= 0 && this.heads.data[at + COMPLETE] !== 0;
  }

  setComplete(mfn: number, complete: boolean): void {
    const at = this.heads.find(mfn);
    if (at >= 0) this.heads.data[at + COMPLETE] = complete ? 1 : 0;
  }

  /** The member, 0 if it is none. Walks both lists at once, so no further than the end of the shorter one. */
  find(mfn: number, domid: number, gfn: number): number {
    const { data } = this.members;
    let ofGfn = this.firstOf(domid, gfn);
    let ofMfn = this.firstMember(mfn);
    while (ofGfn !== 0 && ofMfn !== 0) {
      if (data[ofGfn + MFN] === mfn) return ofGfn;
      if (data[ofMfn + GFN] === gfn && data[ofMfn + DOMID] === domid) return ofMfn;
      ofGfn = data[ofGfn];
      ofMfn = data[ofMfn + AFTER];
    }
    return 0;
  }

  /** Adds a member in front of the others; it must not be one yet. `value` belongs to the owner. */
  add(mfn: number, domid: number, gfn: number, seq: number, value: number): number {
    const at = this.members.add();
    const { data } = this.members;
    data[at + MFN] = mfn;
    data[at + DOMID] = domid;
    data[at + GFN] = gfn;
    data[at + SEQ] = seq;
    data[at + VALUE] = value;
    const head = this.heads.make(mfn);
    const first = this.heads.data[head + FIRST];
    data[at + AFTER] = first;
    if (first !== 0) data[first + BEFORE] = at;
    this.heads.data[head + FIRST] = at;
    this.heads.data[head + COUNT]++;
    const gfns = this.byGfn.of(domid);
    const index = gfns.make(gfn);
    const same = gfns.data[index];
    data[at] = same;
    if (same !== 0) data[same + SAME_GFN_BEFORE] = at;
    gfns.data[index] = at;
    return at;
  }

  remove(member: number): void {
    const { data } = this.members;
    const mfn = data[member + MFN];
    const head = this.heads.find(mfn);
    const [before, after] = [data[member + BEFORE], data[member + AFTER]];
    if (after !== 0) data[after + BEFORE] = before;
    if (before !== 0) data[before + AFTER] = after;
    else this.heads.data[head + FIRST] = after;
    this.unlinkGfn(member);
    this.members.remove(member);
    if (--this.heads.data[head + COUNT] === 0) this.heads.remove(mfn);
  }

  private unlinkGfn(member: number): void {
    const { data } = this.members;
    const [before, after] = [data[member + SAME_GFN_BEFORE], data[member]];
    if (after !== 0) data[after + SAME_GFN_BEFORE] = before;
    if (before !== 0) {
      data[before] = after;
      return;
    }
    const gfns = this.byGfn.of(data[member + DOMID]);
    const gfn = data[member + GFN];
    if (after === 0) gfns.remove(gfn);
    else gfns.data[gfns.find(gfn)] = after;
  }

  private firstOf(domid: number, gfn: number): number {
    const gfns = this.byGfn.get(domid);
    const index = gfns?.find(gfn) ?? -1;
    return gfns === undefined || index < 0 ? 0 : gfns.data[index];
  }

  private firstMember(mfn: number): number {
    const head = this.heads.find(mfn);
    return head < 0 ? 0 : this.heads.data[head + FIRST];
  }

  /** Every frame that the gfn belongs to. */
  framesOf(domid: number, gfn: number): number[] {
    const frames: number[] = [];
    const { data } = this.members;
    for (let at = this.firstOf(domid, gfn); at !== 0; at = data[at]) frames.push(data[at + MFN]);
    return frames;
  }

  /** Every frame that has members, in order. */
  frames(): number[] {
    const frames: number[] = [];
    this.heads.forEach(mfn => {
      frames.push(mfn);
    });
    return frames;
  }

  /** Members of a frame, the latest first. */
  of(mfn: number): Member[] {
    const members: Member[] = [];
    const { data } = this.members;
    for (let at = this.firstMember(mfn); at !== 0; at = data[at + AFTER]) {
      members.push({ domid: data[at + DOMID], gfn: data[at + GFN], seq: data[at + SEQ], value: data[at + VALUE] });
    }
    return members;
  }

  seqOf(member: number): number {
    return this.members.data[member + SEQ];
  }
  valueOf(member: number): number {
    return this.members.data[member + VALUE];
  }
  /** For the fact recorder: the open span of the member, 0 for none. */
  tagOf(member: number): number {
    return this.members.data[member + TAG];
  }
  setTag(member: number, tag: number): void {
    this.members.data[member + TAG] = tag;
  }

  clear(): void {
    this.heads.clear();
    this.members.clear();
    this.byGfn.clear();
  }

  transfer(image: StateImage): void {
    image.part('heads', this.heads);
    image.part('members', this.members);
    image.part('byGfn', this.byGfn);
  }
}
