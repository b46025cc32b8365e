import { effect, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Found } from './api.js';
import { ask } from './data/ask.js';
import {
  goTo,
  head,
  lookAt,
  point,
  problem,
  seq,
  stepThing,
  tell,
  thing,
  trace,
  traceHead,
  VIEWS,
  type View,
  view,
  window_,
} from './data/store.js';
import { Help } from './help.js';
import { EventLine } from './parts/event-line.js';
import { Value } from './parts/links.js';
import { secondsText, seqText, vcpuText } from './text.js';
import { Timeline, zoomTime } from './time/timeline.js';
import { CompareView } from './views/compare-view.js';
import { FindingsView } from './views/findings-view.js';
import { LocksView } from './views/locks-view.js';
import { MapView } from './views/map-view.js';
import { SqlView } from './views/sql-view.js';
import { ThingState, ThingView } from './views/thing-view.js';

const NAMES: Readonly<Record<View, string>> = {
  map: 'Map',
  thing: 'Thing',
  findings: 'Findings',
  locks: 'Locks',
  sql: 'SQL',
  compare: 'Compare',
};
/** Steps a second while playing, and how many in the width of the timeline. */
const PLAY = 20;
const PLAY_STEPS = 600;

export function App() {
  const help = useSignal(false);
  const playing = useSignal(false);
  const search = useRef<HTMLInputElement>(null);
  const sought = useRef('');
  useEffect(
    () =>
      effect(() => {
        if (!playing.value) return;
        const timer = setInterval(() => {
          const [low, high] = window_.peek();
          goTo(seq.peek() + Math.max(1, (high - low) / PLAY_STEPS));
          if (seq.peek() >= traceHead.peek()!.end) playing.value = false;
        }, 1000 / PLAY);
        return () => clearInterval(timer);
      }),
    [],
  );
  const find = async (back: boolean) => {
    const text = sought.current.trim();
    if (text === '') return;
    problem.value = '';
    try {
      const found = await ask<Found>('find', { t: trace.value, text, seq: seq.value, back: back ? 1 : 0 });
      if (found.thing !== null) lookAt(found.thing);
      else if (found.seq !== null) goTo(found.seq);
      else problem.value = `no ${back ? 'earlier' : 'later'} event matches`;
    } catch (error) {
      tell(error);
    }
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const [first] = event.composedPath();
      const target = first instanceof HTMLElement ? first : document.body;
      if (event.altKey || event.ctrlKey || event.metaKey || help.value) return;
      if (target.isContentEditable || target.matches('input, select, textarea')) return;
      const isButton = target.matches('button, summary, a');
      const scrolls = target.closest('.scroll') !== null;
      const [low, high] = window_.value;
      const page = Math.max(1, (high - low) / 100);
      const { start, end } = traceHead.value!;
      const keys: Readonly<Record<string, () => void>> = {
        ArrowLeft: () => (event.shiftKey ? void stepThing(true) : goTo(seq.value - 1)),
        ArrowRight: () => (event.shiftKey ? void stepThing(false) : goTo(seq.value + 1)),
        ',': () => goTo(seq.value - 1),
        '.': () => goTo(seq.value + 1),
        '+': () => zoomTime(0.5),
        '=': () => zoomTime(0.5),
        '-': () => zoomTime(2),
        '/': () => search.current?.focus(),
        '?': () => (help.value = true),
        n: () => void find(false),
        N: () => void find(true),
        m: () => {
          view.value = 'map';
          requestAnimationFrame(() => document.querySelector<HTMLElement>('.map canvas')?.focus());
        },
        ...Object.fromEntries(VIEWS.map((name, i) => [String(i + 1), () => (view.value = name)])),
        ...(isButton ? {} : { ' ': () => (playing.value = !playing.value) }),
        ...(scrolls
          ? {}
          : {
              PageUp: () => goTo(seq.value - page),
              PageDown: () => goTo(seq.value + page),
              Home: () => goTo(start),
              End: () => goTo(end),
            }),
      };
      const act = keys[event.key];
      if (act === undefined) return;
      act();
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  const { traces } = head.value!;
  const here = point.value;
  const running = here?.running.find(({ pcpu }) => pcpu === here.event?.pcpu);
  return (
    <>
      <header>
        <div class="top">
          <h1>
            p2mtrace{' '}
            {traces.length > 1 ? (
              <select
                aria-label="trace"
                value={trace.value}
                onChange={event => {
                  trace.value = Number(event.currentTarget.value);
                  const own = traces[trace.value];
                  window_.value = [own.start, own.end];
                  goTo(own.end);
                }}
              >
                {traces.map(({ name }, i) => (
                  <option key={name} value={i}>
                    {name}
                  </option>
                ))}
              </select>
            ) : (
              <span class="name">{traces[0].name}</span>
            )}
          </h1>
          <form
            class="search"
            onSubmit={event => {
              event.preventDefault();
              sought.current = search.current?.value ?? '';
              void find(false);
              search.current?.blur();
            }}
          >
            <input
              ref={search}
              type="search"
              aria-label="search: an event, a time, a thing or a condition"
              placeholder="search  ( / )"
              spellcheck={false}
              onKeyDown={event => {
                if (event.key === 'Escape') event.currentTarget.blur();
              }}
            />
            <button type="submit">find</button>
          </form>
          <button type="button" aria-pressed={playing.value} onClick={() => (playing.value = !playing.value)}>
            {playing.value ? 'pause' : 'play'}
          </button>
          <button type="button" onClick={() => (help.value = true)} aria-label="keys">
            ?
          </button>
        </div>
        <Timeline />
        <p class="here">
          <b class="number" id="seq">
            {seqText(seq.value)}
          </b>
          <span class="number">{secondsText(here?.seconds ?? null)}</span>
          {here?.utc !== null && here?.utc !== undefined && <span class="number">{here.utc}</span>}
          <span>pcpu {here?.event?.pcpu === undefined ? '–' : <Value name="pcpu" value={here.event.pcpu} />}</span>
          <span>runs {vcpuText(running?.domid, running?.vcpu)}</span>
          {here?.event !== null && here?.event !== undefined && <EventLine event={here.event} by={false} />}
        </p>
        {traceHead.value?.damage !== null && <p class="problem">{traceHead.value?.damage}</p>}
        {problem.value !== '' && (
          <p class="problem" role="alert">
            {problem.value}{' '}
            <button type="button" onClick={() => (problem.value = '')} aria-label="dismiss">
              ×
            </button>
          </p>
        )}
        <nav aria-label="Views">
          {VIEWS.map((name, i) => (
            <button
              key={name}
              type="button"
              aria-current={view.value === name ? 'page' : undefined}
              onClick={() => (view.value = name)}
              title={`key ${i + 1}`}
            >
              {NAMES[name]}
            </button>
          ))}
        </nav>
      </header>
      <main class={view.value === 'map' ? 'beside' : undefined}>
        {view.value === 'map' && (
          <>
            <MapView />
            <aside aria-label="The thing looked at, here">
              <ThingState />
              {thing.value !== '' && (
                <button type="button" onClick={() => (view.value = 'thing')}>
                  its whole history
                </button>
              )}
            </aside>
          </>
        )}
        {view.value === 'thing' && <ThingView />}
        {view.value === 'findings' && <FindingsView />}
        {view.value === 'locks' && <LocksView />}
        {view.value === 'sql' && <SqlView />}
        {view.value === 'compare' && <CompareView />}
      </main>
      {help.value && <Help close={() => (help.value = false)} />}
    </>
  );
}
