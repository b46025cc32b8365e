import type { ComponentChildren, Ref } from 'preact';

/** What scrolls by itself can be reached by keyboard, and has a name. */
export function Scroll({
  label,
  kind = '',
  place,
  children,
}: {
  readonly label: string;
  readonly kind?: string;
  readonly place?: Ref<HTMLElement>;
  readonly children: ComponentChildren;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it, a keyboard could not scroll it
    <section {...(place === undefined ? {} : { ref: place })} class={`scroll ${kind}`} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
