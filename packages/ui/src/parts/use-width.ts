import { type Signal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/**
 * Pixels that an element is wide, `least` at least. A drawing of that width has text of the size of the page's: scaled to
 * the width, it would be huge on a projector and tiny on a phone.
 */
export function useWidth(least: number): {
  readonly place: RefObject<HTMLElement | null>;
  readonly width: Signal<number>;
} {
  const place = useRef<HTMLElement>(null);
  const width = useSignal(least);
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return;
    const measure = () => {
      width.value = Math.max(least, Math.floor(element.clientWidth));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { place, width };
}
