import { useEffect, useRef } from 'preact/hooks';

const KEYS: readonly (readonly [string, string])[] = [
  ['← →  or  , .', 'one event back or forward'],
  ['Shift ← →', 'to the event before or after that touches the thing looked at'],
  ['PageUp PageDown', 'a hundredth of what the timeline shows'],
  ['Home End', 'start and end of the trace'],
  ['+ −', 'zoom the timeline; on the map, the map'],
  ['Space', 'play and pause'],
  ['1 … 6', 'map, thing, findings, locks, SQL, compare'],
  [
    '/',
    'search: #120, +1.5s, mfn 0x9fe5e, gfn 1:0x1234, lock p2m, domain 1, pcpu 3, site 0x…, or a condition such as kind == set_entry and gfn == 0x10',
  ],
  ['n  N', 'the next or previous match of that condition'],
  ['m', 'to the map: arrows move its mark, Enter looks at the frame'],
  ['Alt ← →', 'back and forward, as in any page'],
  ['?', 'this'],
];

export function Help({ close }: { readonly close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-label="Keys" onClose={close}>
      <h2>Keys</h2>
      <dl class="keys">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={() => dialog.current?.close()}>
        close
      </button>
    </dialog>
  );
}
