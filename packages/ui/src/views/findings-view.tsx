import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { EventRow, Finding, LockRow, Occurrence } from '../api.js';
import { ask } from '../data/ask.js';
import { findings as found, lookForFindings, told } from '../data/findings.js';
import { goTo, lookAt, showSpan, trace } from '../data/store.js';
import { EventLine } from '../parts/event-line.js';
import { SeqLink, Value } from '../parts/links.js';
import { useAnswer } from '../parts/use-answer.js';

interface Story {
  readonly steps: readonly {
    readonly roles: readonly string[];
    readonly event: EventRow;
    readonly held: readonly LockRow[];
  }[];
}

/** What the rules find, with the witnesses of each as jumps. */
export function FindingsView() {
  const t = trace.value;
  useEffect(lookForFindings, [t]);
  const search = useSignal('');
  const severity = useSignal('all');
  const open = useSignal('');
  const { report: value, failed } = found.value;
  const text = search.value.toLowerCase();
  const shown = (value?.findings ?? []).filter(
    finding =>
      (severity.value === 'all' || finding.severity === severity.value) &&
      `${finding.title} ${finding.signature} ${finding.id}`.toLowerCase().includes(text),
  );
  const groups = new Map<string, Finding[]>();
  for (const finding of shown) {
    const key = finding.incident ?? finding.id;
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return (
    <section aria-label="Findings" class="findings">
      <div class="bar">
        <label>
          <span>search</span>
          <input type="search" value={search.value} onInput={event => (search.value = event.currentTarget.value)} />
        </label>
        <label>
          <span>severity</span>
          <select value={severity.value} onChange={event => (severity.value = event.currentTarget.value)}>
            {['all', 'error', 'warning', 'note'].map(name => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </div>
      {value === undefined && failed === undefined && <p class="hint">the rules are run over the whole trace…</p>}
      {failed !== undefined && <p class="problem">{failed}</p>}
      {value !== undefined && (
        <p aria-live="polite">
          {shown.length} of {value.findings.length} findings; {value.notChecked.length} rules could not be checked
        </p>
      )}
      <ul class="cards">
        {[...groups].map(([key, findings]) => (
          <li key={key}>
            {findings.length > 1 && (
              <p class="incident">{value?.incidents.find(({ cause }) => cause === key)?.title ?? 'one incident'}</p>
            )}
            {findings.map(finding => (
              <article key={`${finding.id} ${finding.severity} ${finding.confidence}`} class={finding.severity}>
                <h3>
                  <button
                    type="button"
                    class="fold"
                    aria-expanded={open.value === finding.id}
                    onClick={() => {
                      open.value = open.value === finding.id ? '' : finding.id;
                      const first = finding.occurrences[0]?.witness.at(-1);
                      if (open.value !== '' && first !== undefined) goTo(first.seq);
                    }}
                  >
                    <span class={`badge ${finding.severity}`}>{finding.severity}</span> {finding.title}
                  </button>
                </h3>
                <p class="meta">
                  {finding.rule} · {finding.confidence} · {finding.count.toLocaleString('en')}
                  {finding.of !== null && ` of ${finding.of.times.toLocaleString('en')} ${finding.of.what}`} ·{' '}
                  {finding.id}
                </p>
                {open.value === finding.id && <Occurrences finding={finding} />}
              </article>
            ))}
          </li>
        ))}
      </ul>
      {value !== undefined && value.notChecked.length > 0 && (
        <details>
          <summary>not checked: {value.notChecked.length} rules</summary>
          <ul>
            {value.notChecked.map(({ rule, reason }) => (
              <li key={rule}>
                {rule}: {reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

const SHOWN = 20;

function Occurrences({ finding }: { readonly finding: Finding }) {
  const number = useSignal(1);
  const t = trace.value;
  const story = useAnswer(
    signal => ask<Story>('story', { t, id: finding.id, number: number.value }, signal),
    [t, finding.id, number.value],
    `${t} ${finding.id} ${number.value}`,
  );
  const { value, busy, failed } = story;
  const occurrence = finding.occurrences[number.value - 1];
  useEffect(() => {
    told.value = occurrence?.witness ?? [];
    return () => {
      told.value = [];
    };
  }, [occurrence]);
  return (
    <div class="story">
      {finding.occurrences.length > 1 && (
        <label>
          <span>occurrence</span>
          <select value={number.value} onChange={event => (number.value = Number(event.currentTarget.value))}>
            {finding.occurrences.slice(0, SHOWN * 10).map((_, i) => (
              <option key={i} value={i + 1}>
                {i + 1} of {finding.count.toLocaleString('en')}
              </option>
            ))}
          </select>
        </label>
      )}
      {occurrence !== undefined && (
        <p class="subject">
          {Object.entries(occurrence.subject)
            .filter(([, one]) => one !== null)
            .map(([name, one]) => (
              <span key={name}>
                <i>{name}</i>&nbsp;
                <Value name={name} value={one} row={occurrence.subject} />{' '}
              </span>
            ))}
          <ThingOf subject={occurrence.subject} />{' '}
          <button type="button" onClick={() => showSpan(occurrence.witness.map(one => one.seq))}>
            zoom the timeline to it
          </button>
        </p>
      )}
      {busy && value === undefined && <p class="hint">the story is being told…</p>}
      {failed !== '' && <p class="problem">{failed}</p>}
      <ol class="events">
        {value?.steps.map(({ roles, event, held }) => (
          <li key={event.seq}>
            <em>{roles.join(', ')}:</em> <EventLine event={event} />
            {held.length > 0 && (
              <div class="by">
                held then: {held.map(({ pcpu, lock, class: of }) => `${of ?? lock} (pcpu ${pcpu})`).join(', ')}
              </div>
            )}
          </li>
        ))}
      </ol>
      {failed !== '' &&
        occurrence?.witness.map(({ seq, role }) => (
          <p key={`${seq} ${role}`}>
            {role}: <SeqLink at={seq} />
          </p>
        ))}
    </div>
  );
}

/** Looks at what an occurrence is about, without leaving the list. */
function ThingOf({ subject }: { readonly subject: Occurrence['subject'] }) {
  const { mfn, gfn, domid, view, lock } = subject;
  const named =
    mfn !== undefined && mfn !== null
      ? `mfn ${mfn}`
      : gfn !== undefined && gfn !== null && domid !== undefined
        ? `gfn ${domid}:${gfn}${typeof view === 'string' ? `@${view}` : ''}`
        : typeof lock === 'string'
          ? `lock ${lock}`
          : undefined;
  if (named === undefined) return null;
  return (
    <button type="button" onClick={() => lookAt(named)}>
      look at {named}
    </button>
  );
}
