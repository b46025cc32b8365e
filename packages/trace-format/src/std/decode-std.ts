import { P2mError } from '../errors.js';
import { FIRST_BEGIN, FIRST_END, FIRST_VARIABLE, lockAddress, MOST_THREADS } from './std-numbers.js';

/** An event as NDJSON has it. */
export type StdEvent = Readonly<Record<string, unknown>>;

/** `T1|acq(L34)|120`: thread, operation, operand, and where in the program. */
const LINE = /^([^|]+)\|([a-z]+)\(([^|]*)\)(?:\|(.*))?$/;
/** Operations that say nothing of order: they are kept as marks. */
const MARKS = ['begin', 'end', 'branch', 'enter', 'exit', 'dummy'];

/** Turns lines of the std format into events, line by line. */
export class StdDecoder {
  private readonly threads = new Map<string, number>();
  private readonly taken = new Set<number>();
  private readonly locks = new Map<string, number>();
  private readonly variables = new Map<string, number>();

  /** Events of a line, none if it is blank. @throws P2mError P2M_STD */
  decode(line: string): StdEvent[] {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) return [];
    const parts = LINE.exec(text);
    if (parts === null) throw refusal(`this is no line of the std format: ${JSON.stringify(text.slice(0, 80))}`);
    const [, thread, operation, operand, place = ''] = parts;
    const pcpu = this.pcpuOf(thread);
    const at = place === '' ? { pcpu } : { pcpu, symbol: place };
    switch (operation) {
      case 'acq':
        return [this.lockEvent('lock_acquire', at, operand)];
      case 'rel':
        return [this.lockEvent('lock_release', at, operand)];
      case 'req':
        return [this.lockEvent('lock_wait', at, operand)];
      case 'r':
        return [use(at, 'read', this.variableOf(operand))];
      case 'w':
        return [use(at, 'write', this.variableOf(operand))];
      case 'fork':
        return handOver(at, { ...at, pcpu: this.pcpuOf(operand) }, FIRST_BEGIN + this.pcpuOf(operand));
      case 'join':
        return handOver({ ...at, pcpu: this.pcpuOf(operand) }, at, FIRST_END + this.pcpuOf(operand));
      default:
        if (MARKS.includes(operation)) return [{ kind: 'mark', ...at }];
        throw refusal(`there is no operation ${operation}; there are acq, rel, req, r, w, fork and join`);
    }
  }

  private lockEvent(kind: string, at: StdEvent, name: string): StdEvent {
    const index = numberOf(this.locks, name);
    // Monitors may be taken again by who has them.
    return { kind, ...at, lock: lockAddress(index), lock_class: name, mode: 'mutex', flags: ['recursive'] };
  }

  private variableOf(name: string): number {
    return FIRST_VARIABLE + numberOf(this.variables, name);
  }

  /** `T7` is 7, if no other thread is; others get the first number that is free. */
  private pcpuOf(thread: string): number {
    const known = this.threads.get(thread);
    if (known !== undefined) return known;
    const own = /^T(\d{1,5})$/.exec(thread);
    let pcpu = own === null ? 0 : Number(own[1]);
    while (this.taken.has(pcpu)) pcpu++;
    if (pcpu >= MOST_THREADS) throw refusal(`there are more than ${MOST_THREADS} threads`);
    this.threads.set(thread, pcpu);
    this.taken.add(pcpu);
    return pcpu;
  }
}

const use = (at: StdEvent, flag: string, mfn: number): StdEvent => ({
  kind: 'page_use',
  ...at,
  mfn: `0x${mfn.toString(16)}`,
  flags: [flag],
});

/** What one thread does comes before what the other one does. */
const handOver = (from: StdEvent, to: StdEvent, mfn: number): StdEvent[] => [
  use(from, 'write', mfn),
  use(to, 'read', mfn),
];

function numberOf(numbers: Map<string, number>, name: string): number {
  const number = numbers.get(name) ?? numbers.size;
  numbers.set(name, number);
  return number;
}

const refusal = (what: string): P2mError =>
  new P2mError('P2M_STD', what, { remedy: 'correct the line and import again; nothing was written' });
