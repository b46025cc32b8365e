import { useSignal } from '@preact/signals';
import type { EventRow, LockRow, Table, Thing } from '../api.js';
import { afterPause, ask } from '../data/ask.js';
import { seq, stepThing, thing, trace, window_ } from '../data/store.js';
import { EventLine } from '../parts/event-line.js';
import { Fields, SeqLink, ThingLink, Value } from '../parts/links.js';
import { useAnswer } from '../parts/use-answer.js';
import { VirtualTable } from '../parts/virtual-table.js';
import { hex, vcpuText } from '../text.js';
import { HeldLocks } from './held-locks.js';
import { Holders } from './holders.js';
import { Lanes } from './lanes.js';

interface State {
  readonly about: string;
  readonly entries?: readonly Readonly<Record<string, unknown>>[];
  readonly page?: Readonly<Record<string, unknown>>;
  readonly m2p?: unknown;
  readonly mappings?: readonly { readonly domid: number; readonly view: string; readonly gfn: number }[];
  readonly lock?: string;
  readonly holders?: readonly Readonly<Record<string, unknown>>[];
  readonly p2ms?: readonly {
    readonly view: string;
    readonly frames: number;
    readonly by_type: Readonly<Record<string, number>>;
  }[];
  readonly owned?: number;
  readonly held?: readonly LockRow[];
  readonly domid?: number;
  readonly vcpu?: number;
}

interface Why {
  readonly reasons: readonly { readonly seq: number; readonly role: string; readonly event: EventRow }[];
  readonly notes: readonly string[];
}

/** The state of the thing looked at, here. */
export function ThingState() {
  const about = thing.value;
  const [t, at] = [trace.value, seq.value];
  const answer = useAnswer(
    about === '' ? undefined : signal => ask<Thing>('thing', { t, thing: about, seq: at }, signal),
    [t, at, about],
    `${t} ${about}`,
  );
  const why = useSignal<{ of: string; answer: Why | string } | undefined>(undefined);
  if (about === '') {
    return (
      <p class="hint">
        Nothing is looked at: click a frame of the map, follow a link, or search (press /) for mfn 0x…, gfn 1:0x…, lock,
        domain, pcpu or site.
      </p>
    );
  }
  const key = `${about} ${at}`;
  const askWhy = () =>
    ask<Why>('why', { t, thing: about, seq: at }).then(
      found => {
        why.value = { of: key, answer: found };
      },
      (error: Error) => {
        why.value = { of: key, answer: error.message };
      },
    );
  const { value, failed } = answer;
  const state = value?.state as State | undefined;
  return (
    <div class="thing" aria-live="polite">
      <h2>{about}</h2>
      <div class="buttons">
        <button type="button" onClick={() => stepThing(true)} title="Shift+Left">
          ← its event before
        </button>
        <button type="button" onClick={() => stepThing(false)} title="Shift+Right">
          its next event →
        </button>
        {state !== undefined && ['gfn', 'mfn', 'lock'].includes(state.about) && (
          <button type="button" onClick={askWhy}>
            why?
          </button>
        )}
      </div>
      {failed !== '' && <p class="problem">{failed}</p>}
      {state !== undefined && <StateOf state={state} />}
      {value !== undefined && Object.keys(value.events).length > 0 && (
        <>
          <h3>who</h3>
          <ul class="events">
            {Object.values(value.events).map(event => (
              <li key={event.seq}>
                <EventLine event={event} />
              </li>
            ))}
          </ul>
        </>
      )}
      {why.value?.of === key && (
        <>
          <h3>why</h3>
          {typeof why.value.answer === 'string' ? (
            <p class="problem">{why.value.answer}</p>
          ) : (
            <>
              <ol class="events">
                {why.value.answer.reasons.map(({ seq: of, role, event }) => (
                  <li key={of}>
                    <em>{role}:</em> <EventLine event={event} />
                  </li>
                ))}
              </ol>
              {why.value.answer.notes.map(note => (
                <p key={note} class="hint">
                  {note}
                </p>
              ))}
            </>
          )}
        </>
      )}
    </div>
  );
}

function StateOf({ state }: { readonly state: State }) {
  const domid = /^gfn (\d+):/.exec(thing.value)?.[1];
  return (
    <>
      {state.entries?.map(entry => (
        <Fields key={String(entry.view)} of={entryFields(entry, domid)} />
      ))}
      {state.page !== undefined && <Fields of={state.page} />}
      {state.about === 'mfn' && (
        <dl class="fields">
          <div>
            <dt>M2P</dt>
            <dd>{typeof state.m2p === 'number' ? hex(state.m2p) : String(state.m2p ?? 'unknown')}</dd>
          </div>
          <div>
            <dt>mapped by</dt>
            <dd>
              {state.mappings?.length === 0 && 'no entry that is known'}
              {state.mappings?.map(({ domid: of, view, gfn }) => (
                <span key={`${of} ${view} ${gfn}`}>
                  <ThingLink to={`gfn ${of}:${hex(gfn)}@${view}`}>
                    d{of}:{hex(gfn)} {view}
                  </ThingLink>{' '}
                </span>
              ))}
            </dd>
          </div>
        </dl>
      )}
      {state.about === 'pcpu' && (
        <>
          <p>runs {vcpuText(state.domid, state.vcpu)}</p>
          <HeldLocks held={state.held ?? []} />
        </>
      )}
      {state.holders?.length === 0 && <p>held by nobody that is known</p>}
      {state.holders?.map(({ pcpu, mode, since_seq }) => (
        <p key={String(since_seq)}>
          held by pcpu <Value name="pcpu" value={pcpu} /> ({String(mode)}) since <SeqLink at={since_seq as number} />
        </p>
      ))}
      {state.p2ms !== undefined && (
        <dl class="fields">
          <div>
            <dt>owns</dt>
            <dd>{state.owned?.toLocaleString('en')} frames that are known</dd>
          </div>
          {state.p2ms.map(({ view, frames, by_type }) => (
            <div key={view}>
              <dt>{view}</dt>
              <dd>
                {frames.toLocaleString('en')} frames:{' '}
                {Object.entries(by_type)
                  .map(([type, count]) => `${type} ${count.toLocaleString('en')}`)
                  .join(', ')}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}

/** An entry that is known and has no mfn has INVALID_MFN; one without an event was there before. */
function entryFields(entry: Readonly<Record<string, unknown>>, domid: string | undefined) {
  const { known, ...fields } = entry;
  const of = domid === undefined ? {} : { domid: Number(domid) };
  if (known !== 'entry') return { ...of, ...fields, entry: known === 'absent' ? 'none' : 'unknown' };
  return {
    ...of,
    ...fields,
    mfn: fields.mfn ?? 'none (INVALID_MFN)',
    set_seq: fields.set_seq ?? 'before the trace showed it',
  };
}

/** Its whole history: lanes, and every row. */
export function ThingView() {
  const about = thing.value;
  const t = trace.value;
  // Of these the server tells what the timeline shows.
  const isOfWindow = /^(?:pcpu|site) /.test(about);
  const [low, high] = isOfWindow ? window_.value.map(Math.round) : [undefined, undefined];
  const history = useAnswer(
    about === ''
      ? undefined
      : signal => afterPause(signal, () => ask<Table>('history', { t, thing: about, low, high }, signal)),
    [t, about, low, high],
    `${t} ${about}`,
  );
  const { value, busy, failed } = history;
  return (
    <section aria-label="The thing looked at">
      <ThingState />
      {about !== '' && (
        <>
          <h3>history</h3>
          {busy && <p class="hint">the trace is being replayed…</p>}
          {failed !== '' && <p class="problem">{failed}</p>}
          {value !== undefined && (
            <>
              {about.startsWith('mfn ') && <Holders table={value} at={seq.value} />}
              <Lanes table={value} window={window_.value} at={seq.value} />
              <VirtualTable table={value} label={`history of ${about}`} />
            </>
          )}
        </>
      )}
    </section>
  );
}
