import { useComputed, useSignal } from '@preact/signals';
import { camera, coloured, seq, space, trace, traceHead } from '../data/store.js';
import { MapChoices } from '../parts/map-choices.js';
import { MapFrame } from '../parts/map-frame.js';
import { useMap } from '../parts/use-map.js';

const GLOWS = [100, 1000, 10_000, 100_000];

/** The p2m, or the machine's memory, as a map that can be walked. */
export function MapView() {
  const glow = useSignal(1000);
  const spaces = traceHead.value?.spaces ?? [];
  const shown = useComputed(() => ({
    t: trace.value,
    seq: seq.value,
    space: traceHead.value?.spaces.find(({ name }) => name === space.value),
    by: coloured.value,
    glow: glow.value,
  }));
  const parts = useMap(shown);
  const { map } = parts;
  return (
    <section class="map" aria-label="Map of frames">
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
      <MapFrame
        of={parts}
        label={space.value}
        hint="Point at a frame, or move with the arrow keys; click or Enter looks at it."
        glows
      />
    </section>
  );
}
