import { jsonText } from '../render/json.js';
import type { TextOut } from '../render/rows.js';
import type { Begin, Moment, Named, TimelineWriter, Track } from './timeline-writer.js';
import { GROUPS, type Group } from './tracks.js';

const NS_PER_US = 1000;
/** An arrow begins within a slice: at its very end there is none any more. */
const WITHIN_US = 0.001;

/** The Trace Event Format (JSON), which Perfetto's UI and chrome://tracing open. Times are microseconds. */
export class TraceEventJson implements TimelineWriter {
  private readonly out: TextOut;

  constructor(out: TextOut) {
    this.out = out;
  }

  async open(groups: readonly Group[]): Promise<void> {
    await this.out.write('{"displayTimeUnit":"ns","traceEvents":[\n');
    const names = groups.map(name => jsonText({ ph: 'M', pid: pidOf(name), name: 'process_name', args: { name } }));
    await this.out.write(names.join(',\n'));
  }

  async track({ id, group, name, unit }: Track): Promise<void> {
    // A counter has its name in each of its values.
    if (unit !== undefined) return;
    await this.add({ ph: 'M', pid: pidOf(group), tid: id, name: 'thread_name', args: { name } });
  }

  async begin({ track, at, end, name, args, flow }: Begin): Promise<void> {
    const place = { ...placeOf(track), ts: at / NS_PER_US };
    if (end === undefined) await this.add({ ph: 'B', ...place, name, args });
    else await this.add({ ph: 'X', ...place, dur: (end - at) / NS_PER_US, name, args });
    if (flow !== undefined) await this.add({ ph: 'f', bp: 'e', id: flow, ...place, name: FLOW, cat: FLOW });
  }

  /** The slice told its end when it began. */
  async end({ track, at }: Moment, flows: readonly number[]): Promise<void> {
    const ts = at / NS_PER_US - WITHIN_US;
    for (const id of flows) await this.add({ ph: 's', id, ...placeOf(track), ts, name: FLOW, cat: FLOW });
  }

  async instant({ track, at, name, args }: Named): Promise<void> {
    await this.add({ ph: 'i', s: 't', ...placeOf(track), ts: at / NS_PER_US, name, args });
  }

  async value({ track, at }: Moment, value: number): Promise<void> {
    const args = { [track.unit ?? 'value']: value };
    await this.add({ ph: 'C', pid: pidOf(track.group), ts: at / NS_PER_US, name: track.name, args });
  }

  async close(): Promise<void> {
    await this.out.write('\n]}\n');
    await this.out.flush();
  }

  private add(event: object): Promise<void> {
    return this.out.write(`,\n${jsonText(event)}`);
  }
}

const FLOW = 'lock handed on';

const pidOf = (group: Group): number => GROUPS.indexOf(group);
const placeOf = ({ id, group }: Track) => ({ pid: pidOf(group), tid: id });
