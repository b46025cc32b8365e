import { batch, computed, effect, signal } from '@preact/signals';
import type { Found, Head, Overview, Point, TraceHead } from '../api.js';
import { ask, latest } from './ask.js';
import { type Place, placeOf, placeText } from './place.js';

export const VIEWS = ['map', 'thing', 'findings', 'locks', 'sql', 'compare'] as const;
export type View = (typeof VIEWS)[number];

export const head = signal<Head | undefined>(undefined);
/** Index of the trace that is looked at. */
export const trace = signal(0);
export const seq = signal(0);
export const view = signal<View>('map');
/** The thing looked at, as in `p2mtrace history`: `gfn 1:0x1234@host`; empty for none. */
export const thing = signal('');
export const space = signal('');
export const coloured = signal('type');
/** The part of the trace that the timeline shows, and of the map: what is in its middle, and pixels of a frame. */
export const window_ = signal<readonly [number, number]>([0, 1]);
export const camera = signal<Place['camera']>(undefined);
export const point = signal<Point | undefined>(undefined);
export const overview = signal<Overview | undefined>(undefined);
/** What went wrong last. */
export const problem = signal('');

export const traceHead = computed<TraceHead | undefined>(() => head.value?.traces[trace.value]);

/** Says what went wrong; what was given up is no problem. */
export function tell(error: unknown): void {
  if (error instanceof DOMException && error.name === 'AbortError') return;
  const remedy = (error as { remedy?: string | null }).remedy;
  const what =
    error instanceof TypeError ? 'the server does not answer: was p2mtrace ui ended?' : (error as Error).message;
  problem.value = remedy === undefined || remedy === null ? what : `${what} (${remedy})`;
}

const askPoint = latest(async (at: { t: number; seq: number }) => {
  // Whoever moves looks at the map, so that is asked for first.
  await new Promise(resolve => setTimeout(resolve));
  try {
    point.value = await ask<Point>('point', at);
  } catch (error) {
    tell(error);
  }
});

/** Moves in time; the number is brought into the trace. */
export function goTo(to: number): void {
  const { start, end } = traceHead.value!;
  const at = Math.min(Math.max(Math.round(to), start), end);
  batch(() => {
    seq.value = at;
    const [low, high] = window_.value;
    if (at >= low && at <= high) return;
    const half = (high - low) / 2;
    const middle = Math.min(Math.max(at, start + half), end - half);
    window_.value = [middle - half, middle + half];
  });
}

/** Shows the part of the trace in which all of these events are, with some room around them. */
export function showSpan(seqs: readonly number[]): void {
  const { start, end } = traceHead.value!;
  const [first, last] = [Math.min(...seqs), Math.max(...seqs)];
  const room = Math.max((last - first) / 4, 50);
  window_.value = [Math.max(first - room, start), Math.min(last + room, end)];
}

/** Looks at a thing; the browser's Back returns. */
export function lookAt(what: string): void {
  thing.value = what;
}

/** Steps to the next event of the thing looked at. */
export async function stepThing(back: boolean): Promise<void> {
  if (thing.value === '') return;
  try {
    const found = await ask<Found>('next', { t: trace.value, thing: thing.value, seq: seq.value, back: back ? 1 : 0 });
    if (found.seq === null) problem.value = `no ${back ? 'earlier' : 'later'} event touches ${thing.value}`;
    else goTo(found.seq);
  } catch (error) {
    tell(error);
  }
}

const here = (): Place => ({
  t: trace.value,
  seq: seq.value,
  view: view.value,
  thing: thing.value,
  space: space.value,
  by: coloured.value,
  window: window_.value,
  camera: camera.value,
});

function enter(place: Partial<Place>): void {
  batch(() => {
    const { traces } = head.value!;
    trace.value = Math.min(Math.max(place.t ?? 0, 0), traces.length - 1);
    const { start, end, spaces } = traces[trace.value];
    const [low, high] = place.window ?? [start, end];
    window_.value = [Math.max(low, start), Math.max(Math.min(high, end), Math.max(low, start) + 1)];
    view.value = VIEWS.find(name => name === place.view) ?? 'map';
    thing.value = place.thing ?? '';
    const named = spaces.find(({ name }) => name === place.space);
    // A guest's own memory says more than that of the machine or of dom0.
    const first = spaces.find(({ domid, view: of }) => domid !== null && domid > 0 && of === 'host') ?? spaces[0];
    space.value = (named ?? first)?.name ?? '';
    coloured.value = place.by ?? 'type';
    camera.value = place.camera;
    seq.value = Math.min(Math.max(place.seq ?? end, start), end);
  });
}

/** Loads what every view needs, and follows the address from then on. */
export async function begin(): Promise<void> {
  head.value = await ask<Head>('head');
  enter(placeOf(location.hash));
  addEventListener('popstate', () => enter(placeOf(location.hash)));
  let last = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    const text = placeText(here());
    // What a user would go back to: another view or thing. Movements replace each other.
    const step = `${view.value} ${thing.value} ${trace.value}`;
    if (`#${text}` === location.hash) {
      last = step;
      return;
    }
    clearTimeout(timer);
    if (last !== '' && step !== last) history.pushState(null, '', `#${text}`);
    else timer = setTimeout(() => history.replaceState(null, '', `#${placeText(here())}`), 150);
    last = step;
  });
  effect(() => askPoint({ t: trace.value, seq: seq.value }));
  effect(() => {
    const t = trace.value;
    overview.value = undefined;
    ask<Overview>('overview', { t }).then(got => {
      if (t === trace.value) overview.value = got;
    }, tell);
  });
}
