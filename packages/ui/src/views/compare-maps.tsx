import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Space } from '../api.js';
import { camera, coloured, head, space, thing } from '../data/store.js';
import { MapCanvas, type Under } from '../map/map-canvas.js';
import type { LegendItem } from '../map/paint.js';
import { differences, type Picture } from '../map/tiles.js';
import { Legend } from '../parts/legend.js';
import { MapChoices } from '../parts/map-choices.js';
import { hex } from '../text.js';

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
        <output aria-live="polite">
          {found.value !== undefined &&
            `${found.value.cells.toLocaleString('en')} of ${found.value.of.toLocaleString('en')} cells differ`}
        </output>
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
  const canvas = useRef<HTMLCanvasElement>(null);
  const map = useRef<MapCanvas | undefined>(undefined);
  const legend = useSignal<readonly LegendItem[]>([]);
  const under = useSignal<Under | undefined>(undefined);
  useEffect(() => {
    map.current = new MapCanvas(canvas.current!, camera, {
      onLegend: items => {
        legend.value = items;
      },
      onUnder: hovered => {
        under.value = hovered;
      },
      onPicture,
    });
    return () => map.current?.close();
  }, []);
  useEffect(
    () => map.current?.show({ t, seq, space: own, by: coloured.value, glow: 0 }),
    [t, seq, own, coloured.value],
  );
  useEffect(() => map.current?.compareWith(other), [other]);
  useSignalEffect(() => {
    camera.value;
    map.current?.reload();
  });
  useSignalEffect(() => {
    thing.value;
    map.current?.draw();
  });
  return (
    <figure class="map">
      <figcaption>{label}</figcaption>
      <div class="canvas">
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: it has keys of its own */}
        <canvas
          ref={canvas}
          tabIndex={0}
          role="application"
          aria-label={`Map of ${own?.name ?? 'nothing'}, ${label}: arrows move the mark, plus and minus zoom, Enter looks at the frame`}
        />
      </div>
      <output class="under" aria-live="polite">
        {under.value === undefined ? '' : `${hex(under.value.frame)}  ${under.value.text}`}
      </output>
      <Legend items={legend.value} glows={false} />
    </figure>
  );
}
