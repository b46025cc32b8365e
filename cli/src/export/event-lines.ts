import { type EventEncoder, exportLines, KINDS, type TraceReader } from '@p2mtrace/trace-format';
import { type Clock, secondsAt, secondsText } from '../render/clock.js';
import type { TextOut } from '../render/rows.js';
import { visible } from '../text/visible.js';
import type { EventRange } from './range.js';

/** Room for the longest name of a kind. */
const KIND_WIDTH = Math.max(...KINDS.map(({ name }) => name.length));

/**
 * Writes a line for each event, as people read and grep: seq, seconds (the TSC where the frequency is unknown), pcpu, vcpu,
 * kind, fields, and the call site. Numbers stand below each other; what was not recorded is `-`.
 * @throws P2mError P2M_DAMAGED
 */
export async function writeEventLines(
  reader: TraceReader,
  out: TextOut,
  { from, to }: EventRange,
  clock: Clock | undefined,
  onProgress: (events: number) => void,
): Promise<void> {
  const last = reader.batches.at(-1);
  const seqWidth = String(last === undefined ? 0 : last.firstSeq + last.rows - 1).length + 1;
  const line = new EventLine(seqWidth, clock);
  // The user names the last event, the library takes the one after it.
  const range = { from, to: to === undefined ? undefined : to + 1, onProgress };
  await exportLines(
    reader,
    text => out.write(text),
    (encoder, row) => visible(line.of(encoder, row)),
    range,
  );
}

/** Makes one line after the other, without an object for any. */
class EventLine {
  private readonly seqWidth: number;
  private readonly clock: Clock | undefined;
  private tsc: string | undefined;
  private pcpu = '-';
  private domid: string | undefined;
  private vcpu: string | undefined;
  private caller: string | undefined;
  private symbol: string | undefined;
  private done = '';

  constructor(seqWidth: number, clock: Clock | undefined) {
    this.seqWidth = seqWidth;
    this.clock = clock;
  }

  of(encoder: EventEncoder, row: number): string {
    this.tsc = this.domid = this.vcpu = this.caller = this.symbol = undefined;
    this.pcpu = '-';
    this.done = '';
    encoder.forEachField(row, this.put);
    const cpu = `p${this.pcpu}`.padEnd(4);
    const who = (
      this.domid === undefined ? '-' : `d${this.domid}${this.vcpu === undefined ? '' : `v${this.vcpu}`}`
    ).padEnd(8);
    const site = this.symbol ?? this.caller;
    const start = `${`#${encoder.seq(row)}`.padStart(this.seqWidth)} ${this.time()} ${cpu} ${who} ${encoder.kind(row).padEnd(KIND_WIDTH)}`;
    return `${start}${this.done === '' ? ' ' : this.done}${site === undefined ? '' : `  ${site}`}`.trimEnd();
  }

  private time(): string {
    if (this.clock === undefined) return (this.tsc ?? '-').padStart(16);
    const seconds = secondsAt(this.clock, this.tsc);
    return (seconds === null ? '-' : secondsText(seconds)).padStart(13);
  }

  private readonly put = (name: string, json: string): void => {
    switch (name) {
      case 'tsc':
        this.tsc = textOf(json);
        break;
      case 'pcpu':
        this.pcpu = json;
        break;
      case 'cur_domid':
        this.domid = json;
        break;
      case 'cur_vcpu':
        this.vcpu = json;
        break;
      case 'caller':
        this.caller = textOf(json);
        break;
      case 'symbol':
        this.symbol = textOf(json);
        break;
      case 'tsc_own':
        break;
      default: {
        const text = textOf(json);
        if (text !== '' || json === '""') this.done += ` ${name}=${text}`;
      }
    }
  };
}

/** A value as it stands in a line: names of a list with + between them, nothing for an empty one. */
function textOf(json: string): string {
  const first = json[0];
  if (first === '[') return (JSON.parse(json) as string[]).join('+');
  if (first !== '"') return json;
  return json.includes('\\') ? (JSON.parse(json) as string) : json.slice(1, -1);
}
