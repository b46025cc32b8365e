import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Space } from '../api.js';
import { camera, coloured, seq, space, thing, trace, traceHead } from '../data/store.js';
import { MapCanvas, type Under } from '../map/map-canvas.js';
import type { LegendItem } from '../map/paint.js';
import { Legend } from '../parts/legend.js';
import { MapChoices } from '../parts/map-choices.js';
import { hex } from '../text.js';

const GLOWS = [100, 1000, 10_000, 100_000];

const chosenSpace = (): Space | undefined => traceHead.value?.spaces.find(({ name }) => name === space.value);

/** The p2m, or the machine's memory, as a map that can be walked. */
export function MapView() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const legend = useSignal<readonly LegendItem[]>([]);
  const glow = useSignal(1000);
  const under = useSignal<Under | undefined>(undefined);
  const map = useRef<MapCanvas | undefined>(undefined);

  useEffect(() => {
    map.current = new MapCanvas(canvas.current!, camera, {
      onLegend: items => {
        legend.value = items;
      },
      onUnder: hovered => {
        under.value = hovered;
      },
    });
    return () => map.current?.close();
  }, []);
  useSignalEffect(() => {
    map.current?.show({ t: trace.value, seq: seq.value, space: chosenSpace(), by: coloured.value, glow: glow.value });
  });
  useSignalEffect(() => {
    camera.value;
    map.current?.reload();
  });
  useSignalEffect(() => {
    thing.value;
    map.current?.draw();
  });
  return (
    <section class="map" aria-label="Map of frames">
      <div class="bar">
        <MapChoices
          spaces={traceHead.value?.spaces ?? []}
          space={space.value}
          onSpace={name => {
            space.value = name;
            camera.value = undefined;
          }}
          by={coloured.value}
          onBy={name => (coloured.value = name)}
        />
        <label>
          <span>glow</span>
          <select value={glow.value} onChange={event => (glow.value = Number(event.currentTarget.value))}>
            {GLOWS.map(events => (
              <option key={events} value={events}>
                last {events.toLocaleString('en')} events
              </option>
            ))}
          </select>
        </label>
        <div class="buttons">
          <button type="button" onClick={() => map.current?.zoom(2)} aria-label="zoom in">
            +
          </button>
          <button type="button" onClick={() => map.current?.zoom(0.5)} aria-label="zoom out">
            −
          </button>
          <button type="button" onClick={() => map.current?.fit()}>
            fit
          </button>
        </div>
      </div>
      <div class="canvas">
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: it has keys of its own */}
        <canvas
          ref={canvas}
          tabIndex={0}
          role="application"
          aria-label={`Map of ${space.value}: arrows move the mark, plus and minus zoom, Enter looks at the frame`}
          aria-describedby="map-under"
        />
      </div>
      <output id="map-under" class="under" aria-live="polite">
        {under.value === undefined
          ? 'Point at a frame, or move with the arrow keys; click or Enter looks at it.'
          : `${hex(under.value.frame)}  ${under.value.text}`}
      </output>
      <Legend items={legend.value} glows />
    </section>
  );
}
