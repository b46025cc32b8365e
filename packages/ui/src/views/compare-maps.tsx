import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo } from 'preact/hooks';
import type { Space } from '../api.js';
import { camera, coloured, head, space } from '../data/store.js';
import type { Shown } from '../map/map-canvas.js';
import { type Differences, differences, type Picture } from '../map/tiles.js';
import { MapChoices } from '../parts/map-choices.js';
import { MapFrame } from '../parts/map-frame.js';
import { useMap } from '../parts/use-map.js';

/** A point of a trace, and what to call it. */
export interface Side {
  readonly t: number;
  readonly seq: number;
  readonly label: string;
}

/** Two maps that move together; what is the same in both is pale. */
export function CompareMaps({ sides }: { readonly sides: readonly [Side, Side] }) {
  const pictures = useSignal<readonly [Picture | undefined, Picture | undefined]>([undefined, undefined]);
  const spaces = useMemo(() => commonSpaces(sides.map(({ t }) => t)), [sides[0].t, sides[1].t]);
  const found = useComputed(() => {
    const [a, b] = pictures.value;
    return a === undefined || b === undefined ? undefined : differences(a, b);
  });
  const put = (side: number) => (picture: Picture) => {
    pictures.value = side === 0 ? [picture, pictures.value[1]] : [pictures.value[0], picture];
  };
  return (
    <section aria-label="Both maps">
      <div class="bar">
        <MapChoices
          spaces={spaces}
          space={space.value}
          onSpace={name => {
            space.value = name;
            camera.value = undefined;
          }}
          by={coloured.value}
          onBy={name => (coloured.value = name)}
        />
        <button type="button" onClick={() => (camera.value = undefined)}>
          fit
        </button>
        <output aria-live="polite">{found.value !== undefined && differencesText(found.value)}</output>
      </div>
      <div class="maps">
        {sides.map((side, i) => (
          <OneMap
            key={i}
            side={side}
            space={spaces.find(({ name }) => name === space.value) ?? spaces[0]}
            other={pictures.value[1 - i]}
            onPicture={put(i)}
          />
        ))}
      </div>
    </section>
  );
}

/** By name; of both traces, with room for all frames of either, so that a frame has the same place in both. */
function commonSpaces(traces: readonly number[]): Space[] {
  const spaces = new Map<string, Space>();
  for (const own of traces.flatMap(t => head.value!.traces[t].spaces)) {
    const { end = 0, most = 0 } = spaces.get(own.name) ?? {};
    spaces.set(own.name, { ...own, end: Math.max(end, own.end), most: Math.max(most, own.most) });
  }
  return [...spaces.values()];
}

function OneMap({
  side: { t, seq, label },
  space: own,
  other,
  onPicture,
}: {
  readonly side: Side;
  readonly space: Space | undefined;
  readonly other: Picture | undefined;
  readonly onPicture: (picture: Picture) => void;
}) {
  const now: Shown = { t, seq, space: own, by: coloured.value, glow: 0 };
  const shown = useSignal(now);
  useLayoutEffect(() => {
    shown.value = now;
  }, [t, seq, own, coloured.value]);
  const parts = useMap(shown, onPicture);
  useEffect(() => parts.map.current?.compareWith(other), [other]);
  return (
    <figure class="map">
      <figcaption>{label}</figcaption>
      <MapFrame of={parts} label={`${own?.name ?? 'nothing'}, ${label}`} glows={false} />
    </figure>
  );
}

function differencesText({ both, differ, oneOnly }: Differences): string {
  const count = (cells: number) => cells.toLocaleString('en');
  const unknown = oneOnly === 0 ? '' : `; ${count(oneOnly)} more are known on one side only`;
  return `${count(differ)} of ${count(both)} cells that both know differ${unknown}`;
}
