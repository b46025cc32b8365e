import type { ComponentChildren } from 'preact';
import { goTo, lookAt, seq, view } from '../data/store.js';
import { domainText, hex, seqText, valueText, wholeOf } from '../text.js';

/** Goes to an event. */
export function SeqLink({ at, children }: { readonly at: number; readonly children?: ComponentChildren }) {
  return (
    <button
      type="button"
      class="link number"
      aria-current={at === seq.value ? 'true' : undefined}
      onClick={() => goTo(at)}
    >
      {children ?? seqText(at)}
    </button>
  );
}

/** Looks at a thing. */
export function ThingLink({ to, children }: { readonly to: string; readonly children: ComponentChildren }) {
  return (
    <button
      type="button"
      class="link"
      title={`look at ${to}`}
      onClick={() => {
        lookAt(to);
        // Beside the map stands what is looked at; elsewhere it would not be seen.
        if (view.value !== 'map') view.value = 'thing';
      }}
    >
      {children}
    </button>
  );
}

/** A call site: its name, or its address if it has none. Looks at the events from there. */
export function SiteLink({ caller, symbol }: { readonly caller: unknown; readonly symbol: unknown }) {
  const address = caller ?? symbol;
  if (typeof address !== 'string') return null;
  return <ThingLink to={`site ${address}`}>{String(symbol ?? caller)}</ThingLink>;
}

/** A value of a named field, as a link if it names something; `row` has the fields beside it. */
export function Value({
  name,
  value,
  row = {},
}: {
  readonly name: string;
  readonly value: unknown;
  readonly row?: Readonly<Record<string, unknown>>;
}) {
  if (value === null || value === undefined) return <span class="unknown">unknown</span>;
  const plain = wholeOf(value);
  // INVALID_MFN, or what no frame is: nothing to look at.
  if (typeof plain === 'bigint') return <>{/(?:^|_)[gm]fn$/.test(name) ? hex(plain) : valueText(name, value)}</>;
  if (plain !== undefined && /(?:^|_)seq$|^from$|^to$/.test(name)) return <SeqLink at={plain} />;
  if (plain !== undefined && /(?:^|_)mfn$/.test(name))
    return <ThingLink to={`mfn ${hex(plain)}`}>{hex(plain)}</ThingLink>;
  if (plain !== undefined && /(?:^|_)gfn$/.test(name)) {
    const domid = wholeOf(row.domid);
    if (domid === undefined) return <>{hex(plain)}</>;
    const view = typeof row.view === 'string' ? `@${row.view}` : '';
    return <ThingLink to={`gfn ${domid}:${hex(plain)}${view}`}>{hex(plain)}</ThingLink>;
  }
  if (plain !== undefined && /(?:^|_)domid$|^owner$/.test(name)) {
    return <ThingLink to={`domain ${plain}`}>{domainText(plain)}</ThingLink>;
  }
  if (plain !== undefined && /(?:^|_)pcpu$/.test(name)) return <ThingLink to={`pcpu ${plain}`}>{plain}</ThingLink>;
  if (name === 'caller' && typeof value === 'string') return <SiteLink caller={value} symbol={row.symbol} />;
  if (name === 'lock' && typeof value === 'string') return <ThingLink to={`lock ${value}`}>{value}</ThingLink>;
  return <>{valueText(name, value)}</>;
}

/** Fields as a list of terms. */
export function Fields({ of }: { readonly of: Readonly<Record<string, unknown>> }) {
  return (
    <dl class="fields">
      {Object.entries(of)
        .filter(([, value]) => typeof value !== 'object' || value === null || Array.isArray(value))
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Value name={name} value={value} row={of} />
            </dd>
          </div>
        ))}
    </dl>
  );
}
