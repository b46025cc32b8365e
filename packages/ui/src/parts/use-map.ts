import { type ReadonlySignal, type Signal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { camera, thing } from '../data/store.js';
import { MapCanvas, type Shown, type Under } from '../map/map-canvas.js';
import type { LegendItem } from '../map/paint.js';
import type { Picture } from '../map/tiles.js';
import { useEffectNow } from './use-effect-now.js';

/** A map of the page: all have the same camera. */
export interface MapParts {
  readonly map: RefObject<MapCanvas | null>;
  readonly canvas: RefObject<HTMLCanvasElement | null>;
  readonly legend: Signal<readonly LegendItem[]>;
  readonly under: Signal<Under | undefined>;
}

/** A map that shows what `shown` says; `onPicture` is told each picture that it draws. */
export function useMap(shown: ReadonlySignal<Shown>, onPicture?: (picture: Picture) => void): MapParts {
  const canvas = useRef<HTMLCanvasElement>(null);
  const map = useRef<MapCanvas>(null);
  const legend = useSignal<readonly LegendItem[]>([]);
  const under = useSignal<Under | undefined>(undefined);
  useEffect(() => {
    const made = new MapCanvas(canvas.current!, camera, {
      onLegend: items => {
        legend.value = items;
      },
      onUnder: hovered => {
        under.value = hovered;
      },
      ...(onPicture === undefined ? {} : { onPicture }),
    });
    map.current = made;
    return () => made.close();
  }, []);
  // Asks for what changed at once, before anything else of the page is drawn anew.
  useEffectNow(() => map.current?.show(shown.value));
  useEffectNow(() => {
    camera.value;
    map.current?.reload();
  });
  useEffectNow(() => {
    thing.value;
    map.current?.draw();
  });
  return { map, canvas, legend, under };
}
