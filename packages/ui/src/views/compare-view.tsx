import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Table } from '../api.js';
import { ask } from '../data/ask.js';
import { head, seq, trace } from '../data/store.js';
import { VirtualTable } from '../parts/virtual-table.js';
import { seqText } from '../text.js';
import { CompareMaps, type Side } from './compare-maps.js';

interface Asked {
  readonly t: number;
  readonly seq: number;
  readonly to: number;
  readonly other: number | undefined;
  readonly summary: number;
}

/** What differs between two points of a trace, or of two traces. */
export function CompareView() {
  const { traces } = head.value!;
  const own = traces[trace.value];
  const marked = useSignal(own.start);
  const other = useSignal(-1);
  const whole = useSignal(true);
  const running = useRef<AbortController | undefined>(undefined);
  const state = useSignal<{ table?: Table; between?: string; busy?: boolean; failed?: string }>({});
  useEffect(() => () => running.current?.abort(), []);
  const compare = async () => {
    running.current?.abort();
    const asking = new AbortController();
    running.current = asking;
    // Whoever moves on still reads what the table is about.
    const between = sides.map(({ label }) => label).join(' and ');
    state.value = { busy: true };
    const asked: Asked = {
      t: trace.value,
      seq: across ? seq.value : marked.value,
      to: across ? traces[other.value].end : seq.value,
      other: across ? other.value : undefined,
      summary: whole.value ? 1 : 0,
    };
    try {
      const table = await ask<Table>('diff', { ...asked }, asking.signal);
      if (running.current === asking) state.value = { table, between };
    } catch (error) {
      if (running.current === asking) state.value = { failed: (error as Error).message };
    }
  };
  const { table, between, busy, failed } = state.value;
  const across = other.value >= 0;
  const here: Side = { t: trace.value, seq: seq.value, label: `${own.name}, ${seqText(seq.value)} (here)` };
  const sides: readonly [Side, Side] = across
    ? [
        here,
        {
          t: other.value,
          seq: traces[other.value].end,
          label: `${traces[other.value].name}, ${seqText(traces[other.value].end)}, at its end`,
        },
      ]
    : [{ t: trace.value, seq: marked.value, label: `${own.name}, ${seqText(marked.value)} (marked)` }, here];
  return (
    <section aria-label="What differs">
      <div class="bar">
        <label>
          <span>from</span>
          <input
            type="number"
            min={own.start}
            max={own.end}
            value={marked.value}
            disabled={other.value >= 0}
            onInput={event => (marked.value = Number(event.currentTarget.value))}
          />
        </label>
        <button type="button" disabled={other.value >= 0} onClick={() => (marked.value = seq.value)}>
          mark here
        </button>
        <span>to {seqText(seq.value)} (here)</span>
        {traces.length > 1 && (
          <label>
            <span>with</span>
            <select value={other.value} onChange={event => (other.value = Number(event.currentTarget.value))}>
              <option value={-1}>this trace</option>
              {traces.map(({ name }, i) =>
                i === trace.value ? null : (
                  <option key={name} value={i}>
                    {name}, at its end
                  </option>
                ),
              )}
            </select>
          </label>
        )}
        <label>
          <span>rows</span>
          <select
            value={whole.value ? 'regions' : 'each'}
            onChange={event => (whole.value = event.currentTarget.value === 'regions')}
          >
            <option value="regions">by region</option>
            <option value="each">each change</option>
          </select>
        </label>
        <button type="button" class="main" onClick={() => void compare()}>
          list what differs
        </button>
      </div>
      <div aria-live="polite">
        {busy && <p class="hint">both states are being built…</p>}
        {failed !== undefined && <p class="problem">{failed}</p>}
        {table !== undefined && (
          <p>
            {table.rows.length === 0 ? 'nothing differs' : 'what differs'} between {between}
          </p>
        )}
      </div>
      {table !== undefined && table.rows.length > 0 && <VirtualTable table={table} label="what differs" />}
      <CompareMaps key={`${trace.value} ${other.value}`} sides={sides} />
    </section>
  );
}
