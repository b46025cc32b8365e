import { DOMID_FIRST_RESERVED } from '@p2mtrace/trace-format';
import { DOMIDS, domidOfKey } from '../memory/keys.js';
import { type FrameOwners, NOBODY, SEVERAL } from './frame-owners.js';

/** Which events of a range go into a piece: what may concern these domains, what these pcpus did, chosen events. */
export interface PieceFilter {
  readonly domains?: readonly number[] | undefined;
  readonly pcpus?: readonly number[] | undefined;
  /** By seq. */
  readonly keep?: ((seq: number) => boolean) | undefined;
}

/** Which rows of the state go into a piece. What belongs to no domain, or to an unknown one, goes into every piece. */
export class PieceScope {
  private readonly domains: Uint8Array | undefined;
  private readonly pcpus: Uint8Array | undefined;
  private readonly frames: FrameOwners | undefined;

  /** `frames`: their owners in the range; needed if the filter names domains. */
  constructor({ domains, pcpus }: PieceFilter, frames?: FrameOwners) {
    this.domains = domains && membersOf(domains);
    this.pcpus = pcpus && membersOf(pcpus);
    this.frames = frames;
  }

  /** True if domains are chosen. */
  get choosesDomains(): boolean {
    return this.domains !== undefined;
  }

  /** True if it is one of the chosen domains. */
  names(domid: number): boolean {
    return this.domains !== undefined && this.domains[domid] === 1;
  }

  /** Like `names`; negative and reserved domids (Xen's own, the idle one) count as no domain. */
  hasDomain(domid: number): boolean {
    return this.domains === undefined || domid < 0 || domid >= DOMID_FIRST_RESERVED || this.domains[domid] !== 0;
  }

  hasPcpu(pcpu: number): boolean {
    return this.pcpus === undefined || this.pcpus[pcpu] !== 0;
  }

  /** True if one of the frames [mfn, mfn + count) goes into the piece. */
  hasFrame(mfn: number, count = 1): boolean {
    if (this.domains === undefined || this.frames === undefined) return true;
    for (let frame = mfn; frame < mfn + count; frame++) {
      const owner = this.frames.of(frame);
      if (owner === NOBODY || owner === SEVERAL || this.domains[owner] !== 0) return true;
    }
    return false;
  }

  /** True if what the pcpu is doing goes into the piece; `running` is the vcpu of each pcpu. */
  hasContext(running: readonly number[], pcpu: number): boolean {
    return this.hasPcpu(pcpu) && this.hasDomain(domidOfKey(running[pcpu] ?? -1));
  }
}

function membersOf(ids: readonly number[]): Uint8Array {
  const members = new Uint8Array(DOMIDS);
  for (const id of ids) members[id] = 1;
  return members;
}
