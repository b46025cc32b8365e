import { DOMID_FIRST_RESERVED } from '@p2mtrace/trace-format';
import { DOMIDS, domidOfKey } from '../memory/keys.js';
import { type FrameOwners, NOBODY, SEVERAL } from './frame-owners.js';

/** What of a range a piece has: what may concern one of these domains, what these pcpus did, the events chosen. */
export interface PieceFilter {
  readonly domains?: readonly number[] | undefined;
  readonly pcpus?: readonly number[] | undefined;
  /** By seq. */
  readonly keep?: ((seq: number) => boolean) | undefined;
}

/** Which rows of the state belong into a piece. Whatever is nobody's, or is not known whose it is, belongs into any. */
export class PieceScope {
  private readonly domains: Uint8Array | undefined;
  private readonly pcpus: Uint8Array | undefined;
  private readonly frames: FrameOwners | undefined;

  /** `frames`: whose they are in the range; needed where the filter names domains. */
  constructor({ domains, pcpus }: PieceFilter, frames?: FrameOwners) {
    this.domains = domains && membersOf(domains);
    this.pcpus = pcpus && membersOf(pcpus);
    this.frames = frames;
  }

  /** Domains are chosen. */
  get asksDomain(): boolean {
    return this.domains !== undefined;
  }

  /** It is one of the domains that are chosen. */
  names(domid: number): boolean {
    return this.domains !== undefined && this.domains[domid] === 1;
  }

  /** Negative and reserved domids (Xen's own, the idle one) are nobody. */
  hasDomain(domid: number): boolean {
    return this.domains === undefined || domid < 0 || domid >= DOMID_FIRST_RESERVED || this.domains[domid] !== 0;
  }

  hasPcpu(pcpu: number): boolean {
    return this.pcpus === undefined || this.pcpus[pcpu] !== 0;
  }

  /** One of the frames [mfn, mfn + count) belongs to it. */
  hasFrame(mfn: number, count = 1): boolean {
    if (this.domains === undefined || this.frames === undefined) return true;
    for (let frame = mfn; frame < mfn + count; frame++) {
      const owner = this.frames.of(frame);
      if (owner === NOBODY || owner === SEVERAL || this.domains[owner] !== 0) return true;
    }
    return false;
  }

  /** What a pcpu is in the middle of; `running` is the vcpu of each. */
  hasContext(running: readonly number[], pcpu: number): boolean {
    return this.hasPcpu(pcpu) && this.hasDomain(domidOfKey(running[pcpu] ?? -1));
  }
}

function membersOf(ids: readonly number[]): Uint8Array {
  const members = new Uint8Array(DOMIDS);
  for (const id of ids) members[id] = 1;
  return members;
}
