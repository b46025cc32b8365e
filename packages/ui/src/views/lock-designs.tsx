import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { WhatIf, WhatIfDesign } from '../api.js';
import { ask } from '../data/ask.js';
import { trace, traceHead } from '../data/store.js';
import { Scroll } from '../parts/scroll.js';
import { ticksText } from '../text.js';
import { LostChart, WaitsChart } from './lock-charts.js';

/** Stays when another view is shown. */
const state = signal<{ of?: number; found?: WhatIf; busy?: boolean; failed?: string }>({});

/** What p2mtrace whatif says: asked for only when somebody wants it, as it replays the trace for each design. */
export function LockDesigns() {
  const t = trace.value;
  const own = state.value.of === t ? state.value : {};
  // What was given is there at once.
  useEffect(() => {
    if (traceHead.value!.hasWhatIf && state.peek().of !== t) tryThem();
  }, [t]);
  const tryThem = () => {
    state.value = { of: t, busy: true };
    const put = (answer: { found?: WhatIf; failed?: string }) => {
      if (state.peek().of === t) state.value = { of: t, ...answer };
    };
    ask<WhatIf>('whatif', { t }).then(
      found => put({ found }),
      (error: Error) => put({ failed: error.message }),
    );
  };
  return (
    <div aria-live="polite">
      {own.found === undefined && own.busy !== true && (
        <p>
          <button type="button" onClick={tryThem}>
            try other designs of the p2m lock
          </button>
        </p>
      )}
      {own.busy && <p class="hint">the critical sections are being replayed under each design…</p>}
      {own.failed !== undefined && <p class="problem">{own.failed}</p>}
      {own.found !== undefined && <Designs of={own.found} />}
    </div>
  );
}

interface Measure {
  readonly name: string;
  readonly of: (design: WhatIfDesign) => number;
  readonly text: (design: WhatIfDesign) => string;
}

function Designs({ of: { designs, pcpus, recordedPcpus, hz, waits, notChecked } }: { readonly of: WhatIf }) {
  if (designs.length === 0) return <p>no critical sections of a p2m lock</p>;
  const measures: readonly Measure[] = [
    { name: 'waited for in all', of: ({ wait }) => wait, text: ({ wait }) => ticksText(wait, hz) },
    {
      name: '99th percentile',
      of: ({ p99 }) => p99 ?? 0,
      text: ({ p99 }) => (p99 === null ? '–' : ticksText(p99, hz)),
    },
    { name: 'makespan', of: ({ ratio }) => ratio, text: ({ ratio }) => `${ratio.toFixed(3)} ×` },
    { name: 'at once', of: ({ parallel }) => parallel, text: ({ parallel }) => parallel.toFixed(2) },
  ];
  const most = measures.map(({ of }) => Math.max(...designs.map(of), Number.MIN_VALUE));
  return (
    <>
      {pcpus !== recordedPcpus && (
        <p class="hint">
          on {pcpus} pcpus; {recordedPcpus} were recorded
        </p>
      )}
      <Scroll label="designs of the p2m lock">
        <table class="designs">
          <thead>
            <tr>
              <th scope="col">design</th>
              {measures.map(({ name }) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
              <th scope="col" class="number">
                deadlocks
              </th>
            </tr>
          </thead>
          <tbody>
            {designs.map(design => (
              <tr key={design.name}>
                <th scope="row">{design.name}</th>
                {measures.map(({ name, of, text }, i) => (
                  <td key={name}>
                    <svg class="amount" width="90" height="10" aria-hidden="true">
                      <rect width={Math.max((90 * of(design)) / most[i], of(design) > 0 ? 1 : 0)} height="10" rx="2" />
                    </svg>{' '}
                    {text(design)}
                  </td>
                ))}
                <td class="number">{design.deadlocks}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <p class="hint">
        {waits === null ? 'waits as recorded are unknown' : `recorded waits: ${ticksText(waits, hz)}`}
        {notChecked.map(what => `; ${what}`)}
      </p>
      <WaitsChart designs={designs} hz={hz} />
      <LostChart designs={designs} />
    </>
  );
}
