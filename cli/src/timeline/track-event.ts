import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { ByteOut } from '../output/open-output.js';
import { visible } from '../text/visible.js';
import type { Args, Begin, Moment, Named, TimelineWriter, Track } from './timeline-writer.js';
import { GROUPS, type Group } from './tracks.js';

/** Numbers of fields, from protos/perfetto/trace in Perfetto's source. */
const TRACE = { packet: 1 } as const;
const PACKET = { timestamp: 8, sequence: 10, trackEvent: 11, sequenceFlags: 13, trackDescriptor: 60 } as const;
const DESCRIPTOR = { uuid: 1, name: 2, process: 3, parentUuid: 5, counter: 8 } as const;
const PROCESS = { pid: 1, name: 6 } as const;
const COUNTER = { unit: 3 } as const;
const EVENT = { annotations: 4, type: 9, trackUuid: 11, name: 23, value: 30, flows: 47, endedFlows: 48 } as const;
const ANNOTATION = { bool: 2, uint: 3, int: 4, double: 5, text: 6, name: 10 } as const;

const TYPE = { begin: 1, end: 2, instant: 3, counter: 4 } as const;
const UNIT_COUNT = 2;
const SEQUENCE = 1;
const STATE_CLEARED = 1;
/** Wire types of the encoding. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;

/** Packets are passed on so many at a time. */
const PACKETS = 2048;

/**
 * Perfetto's own format: packets with TrackEvents (protobuf), which its UI and trace_processor read without limit to their
 * size. Times are nanoseconds.
 */
export class TrackEventFile implements TimelineWriter {
  private readonly out: ByteOut;
  private readonly file = new BinaryWriter();
  private packets = 0;

  constructor(out: ByteOut) {
    this.out = out;
  }

  async open(groups: readonly Group[]): Promise<void> {
    for (const group of groups) {
      await this.packet(PACKET.trackDescriptor, undefined, w => {
        uint(w, DESCRIPTOR.uuid, uuidOf(group));
        message(w, DESCRIPTOR.process, process => {
          uint(process, PROCESS.pid, uuidOf(group));
          text(process, PROCESS.name, group);
        });
      });
    }
  }

  async track({ id, group, name, unit }: Track): Promise<void> {
    await this.packet(PACKET.trackDescriptor, undefined, w => {
      uint(w, DESCRIPTOR.uuid, uuidOf(id));
      uint(w, DESCRIPTOR.parentUuid, uuidOf(group));
      text(w, DESCRIPTOR.name, name);
      if (unit !== undefined) message(w, DESCRIPTOR.counter, counter => uint(counter, COUNTER.unit, UNIT_COUNT));
    });
  }

  async begin({ flow, ...slice }: Begin): Promise<void> {
    await this.named(slice, TYPE.begin, w => {
      if (flow !== undefined) fixed64(w, EVENT.endedFlows, flow);
    });
  }

  async end(moment: Moment, flows: readonly number[]): Promise<void> {
    await this.event(moment, TYPE.end, w => {
      for (const flow of flows) fixed64(w, EVENT.flows, flow);
    });
  }

  async instant(instant: Named): Promise<void> {
    await this.named(instant, TYPE.instant);
  }

  async value(moment: Moment, value: number): Promise<void> {
    await this.event(moment, TYPE.counter, w => w.tag(EVENT.value, VARINT).int64(value));
  }

  async close(): Promise<void> {
    await this.flush();
  }

  private named({ name, args, ...moment }: Named, type: number, more?: (w: BinaryWriter) => void): Promise<void> {
    return this.event(moment, type, w => {
      text(w, EVENT.name, name);
      annotate(w, args);
      more?.(w);
    });
  }

  private event({ track, at }: Moment, type: number, fill: (w: BinaryWriter) => void): Promise<void> {
    return this.packet(PACKET.trackEvent, at, w => {
      uint(w, EVENT.type, type);
      uint(w, EVENT.trackUuid, uuidOf(track.id));
      fill(w);
    });
  }

  private async packet(field: number, at: number | undefined, fill: (w: BinaryWriter) => void): Promise<void> {
    message(this.file, TRACE.packet, packet => {
      if (at !== undefined) packet.tag(PACKET.timestamp, VARINT).uint64(BigInt(Math.round(at)));
      uint(packet, PACKET.sequence, SEQUENCE);
      if (this.packets === 0) uint(packet, PACKET.sequenceFlags, STATE_CLEARED);
      message(packet, field, fill);
    });
    if (++this.packets % PACKETS === 0) await this.flush();
  }

  private async flush(): Promise<void> {
    await this.out.append(this.file.finish());
  }
}

/** Unique among tracks and groups; 0 is the track of all. */
const uuidOf = (of: Group | number): number => (typeof of === 'number' ? of + GROUPS.length : GROUPS.indexOf(of)) + 1;

const uint = (w: BinaryWriter, field: number, value: number) => w.tag(field, VARINT).uint32(value);
const text = (w: BinaryWriter, field: number, value: string) => w.tag(field, BYTES).string(visible(value));
const fixed64 = (w: BinaryWriter, field: number, value: number) => w.tag(field, FIXED64).fixed64(value);

function message(w: BinaryWriter, field: number, fill: (w: BinaryWriter) => void): void {
  w.tag(field, BYTES).fork();
  fill(w);
  w.join();
}

function annotate(w: BinaryWriter, args: Args): void {
  for (const [name, value] of Object.entries(args)) {
    message(w, EVENT.annotations, annotation => {
      text(annotation, ANNOTATION.name, name);
      if (typeof value === 'boolean') annotation.tag(ANNOTATION.bool, VARINT).bool(value);
      else if (isWhole(value) && value >= 0) annotation.tag(ANNOTATION.uint, VARINT).uint64(value);
      else if (isWhole(value)) annotation.tag(ANNOTATION.int, VARINT).int64(value);
      else if (typeof value === 'number') annotation.tag(ANNOTATION.double, FIXED64).double(value);
      else text(annotation, ANNOTATION.text, String(value));
    });
  }
}

const isWhole = (value: unknown): value is number | bigint =>
  typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
