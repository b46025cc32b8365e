import { useId } from 'preact/hooks';
import { hex } from '../text.js';
import { Legend } from './legend.js';
import type { MapParts } from './use-map.js';

/** The canvas of a map, what is under the pointer, and what its colours mean. */
export function MapFrame({
  of: { canvas, legend, under },
  label,
  hint = '',
  glows,
}: {
  readonly of: MapParts;
  readonly label: string;
  /** Stands where the frame under the pointer is told, until there is one. */
  readonly hint?: string;
  readonly glows: boolean;
}) {
  const id = useId();
  return (
    <>
      <div class="canvas">
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: it has keys of its own */}
        <canvas
          ref={canvas}
          tabIndex={0}
          role="application"
          aria-label={`Map of ${label}: arrows move the mark, plus and minus zoom, Enter looks at the frame`}
          aria-describedby={id}
        />
      </div>
      <output id={id} class="under" aria-live="polite">
        {under.value === undefined ? hint : `${hex(under.value.frame)}  ${under.value.text}`}
      </output>
      <Legend items={legend.value} glows={glows} />
    </>
  );
}
