import type { Table } from '../api.js';
import { goTo } from '../data/store.js';
import { Scroll } from '../parts/scroll.js';
import { useWidth } from '../parts/use-width.js';
import { seqText } from '../text.js';

const HEIGHT = 22;
const LEAST = 320;
/** Of labels: pixels of a letter, and of the widest of them. */
const LETTER = 9;
const MOST_LABEL = 210;
/** Bars that are drawn; the table has all. */
const MOST = 4000;

/** Spans of a history by what lasted, over the part of the trace that the timeline shows. */
export function Lanes({
  table,
  window: [low, high],
  at,
}: {
  readonly table: Table;
  readonly window: readonly [number, number];
  readonly at: number;
}) {
  const of = (name: string) => table.columns.indexOf(name);
  const [from, to, what] = [of('from_seq'), of('to_seq'), of('what')];
  const lanes = [...new Set(table.rows.map(row => String(row[what])))];
  const { place, width: measured } = useWidth(LEAST);
  const width = measured.value;
  const label = Math.min(12 + LETTER * Math.max(...lanes.map(({ length }) => length), 0), MOST_LABEL, width / 2);
  const x = (seq: number) => label + Math.min(Math.max((seq - low) / (high - low), 0), 1) * (width - label);
  const seen = table.rows
    .map(row => ({ begin: (row[from] as number | null) ?? low, end: (row[to] as number | null) ?? high, row }))
    .filter(({ begin, end }) => end >= low && begin <= high);
  return (
    <figure>
      <Scroll kind="lanes" place={place} label="what lasted, as lanes">
        <svg width={width} height={lanes.length * HEIGHT + 4} role="img" aria-label="What lasted from where to where">
          {lanes.map((lane, i) => (
            <g key={lane} transform={`translate(0 ${i * HEIGHT})`}>
              <text x="6" y={HEIGHT - 7}>
                {lane.length * LETTER > label ? `${lane.slice(0, Math.floor(label / LETTER) - 1)}…` : lane}
                <title>{lane}</title>
              </text>
              <line x1={label} x2={width} y1={HEIGHT - 1} y2={HEIGHT - 1} class="rule" />
              {seen
                .slice(0, MOST)
                .filter(({ row }) => row[what] === lane)
                .map(({ begin, end, row }, k) => (
                  // biome-ignore lint/a11y/noStaticElementInteractions: the table below has the same rows as buttons
                  <rect
                    key={`${begin} ${end} ${k}`}
                    x={x(begin)}
                    y="3"
                    width={Math.max(x(end) - x(begin), 2.5)}
                    height={HEIGHT - 8}
                    class={row[to] === null ? 'bar lasts' : begin === end ? 'bar moment' : 'bar'}
                    onClick={() => goTo(begin)}
                  >
                    <title>{`${lane} ${seqText(begin)} to ${row[to] === null ? 'the end' : seqText(end)}`}</title>
                  </rect>
                ))}
            </g>
          ))}
          {at >= low && at <= high && <line x1={x(at)} x2={x(at)} y1="0" y2={lanes.length * HEIGHT} class="now" />}
        </svg>
      </Scroll>
      <figcaption class="key">
        <span>
          <i class="dot p2m" /> ended
        </span>
        <span>
          <i class="dot page" /> lasts to the end of the trace
        </span>
        <span>
          <i class="dot lock" /> a single event
        </span>
      </figcaption>
      {seen.length > MOST && (
        <figcaption>
          the first {MOST} of {seen.length} are drawn; zoom the timeline to see others
        </figcaption>
      )}
    </figure>
  );
}
