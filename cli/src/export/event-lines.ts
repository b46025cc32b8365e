import type { TraceEvent } from '@p2mtrace/replayer';
import { exportNdjson, KINDS, type TraceReader } from '@p2mtrace/trace-format';
import { type Clock, secondsAt, secondsText } from '../render/clock.js';
import { doneText } from '../render/fields.js';
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
  // The user names the last event, the library takes the one after it.
  const range = { from, to: to === undefined ? undefined : to + 1, onProgress };
  let isHeader = true;
  await exportNdjson(
    reader,
    async piece => {
      const lines = piece.split('\n');
      let text = '';
      for (const line of lines) {
        // The first line of NDJSON is the header.
        if (line !== '' && !isHeader) text += `${visible(lineOf(JSON.parse(line) as TraceEvent, seqWidth, clock))}\n`;
        isHeader = false;
      }
      await out.write(text);
    },
    range,
  );
}

function lineOf(event: TraceEvent, seqWidth: number, clock: Clock | undefined): string {
  const { seq, kind, tsc, pcpu, cur_domid: domid, cur_vcpu: vcpu, caller, symbol } = event;
  const seconds = secondsAt(clock, tsc);
  const time =
    seconds === null
      ? String(clock === undefined ? (tsc ?? '-') : '-').padStart(clock === undefined ? 16 : 13)
      : secondsText(seconds).padStart(13);
  const cpu = `p${pcpu ?? '-'}`.padEnd(4);
  const who = (domid === undefined ? '-' : `d${domid}${vcpu === undefined ? '' : `v${vcpu}`}`).padEnd(8);
  const site = symbol === undefined && caller === undefined ? '' : `  ${symbol ?? caller}`;
  return `${`#${seq}`.padStart(seqWidth)} ${time} ${cpu} ${who} ${kind.padEnd(KIND_WIDTH)} ${doneText(event)}${site}`.trimEnd();
}
