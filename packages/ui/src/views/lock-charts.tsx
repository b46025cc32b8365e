import type { WhatIfDesign } from '../api.js';
import { Scroll } from '../parts/scroll.js';
import { useWidth } from '../parts/use-width.js';
import { ticksText } from '../text.js';

const ROW = 24;
/** Pixels of a chart: at least, and at most. */
const LEAST = 340;
const MOST = 900;
/** Of the name of a design, and of what stands below a tick. */
const LABEL = 172;
const TICK = 64;
const COLOURS = ['#4e79a7', '#f28e2b', '#59a14f', '#e15759', '#b07aa1', '#76b7b2'];
const GRANULARITIES = ['4k', '2m', '1g', 'all'];

const WAITS = ['median', '99th percentile', 'longest'] as const;

/** Median, 99th percentile and longest wait of each design that waited, on a logarithmic scale. */
export function WaitsChart({ designs, hz }: { readonly designs: readonly WhatIfDesign[]; readonly hz: number | null }) {
  const { place, width: measured } = useWidth(LEAST);
  const waited = designs.flatMap(({ name, median, p99, longest }) =>
    median === null || p99 === null || longest === null || longest === 0
      ? []
      : [{ name, waits: [median, p99, longest] }],
  );
  if (waited.length === 0) return <p>no design waited for anything</p>;
  const width = Math.min(measured.value, MOST);
  const most = Math.ceil(Math.log10(Math.max(...waited.flatMap(({ waits }) => waits), 10)));
  const least = Math.floor(Math.log10(Math.max(1, Math.min(...waited.flatMap(({ waits }) => waits)))));
  const decades = Array.from({ length: most - least + 1 }, (_, i) => least + i);
  // Below a tick there is nothing on this scale.
  const x = (ticks: number) =>
    LABEL + ((Math.log10(Math.max(ticks, 10 ** least)) - least) / (most - least)) * (width - LABEL - 34);
  const height = waited.length * ROW;
  return (
    <figure>
      <figcaption>waits by discipline, of the sections that waited</figcaption>
      <Scroll kind="what-if" place={place} label="waits by discipline">
        <svg width={width} height={height + 26} role="img" aria-label="Waits by discipline, as in the table">
          {decades.map(decade => (
            <g key={decade}>
              <line x1={x(10 ** decade)} x2={x(10 ** decade)} y1="0" y2={height} class="rule" />
              {(most - decade) % Math.ceil((decades.length * TICK) / (width - LABEL)) === 0 && (
                <text x={x(10 ** decade)} y={height + 18} text-anchor="middle">
                  {ticksText(10 ** decade, hz)}
                </text>
              )}
            </g>
          ))}
          {waited.map(({ name, waits }, i) => (
            <g key={name} transform={`translate(0 ${i * ROW + ROW / 2})`}>
              <text x={LABEL - 10} y="4" text-anchor="end">
                {name}
              </text>
              <line x1={x(Math.min(...waits))} x2={x(Math.max(...waits))} y1="0" y2="0" class="rule" />
              {waits.map((wait, k) => (
                <circle key={WAITS[k]} cx={x(wait)} cy="0" r="5" style={{ fill: COLOURS[k] }}>
                  <title>{`${name}: ${WAITS[k]} ${ticksText(wait, hz)}`}</title>
                </circle>
              ))}
            </g>
          ))}
        </svg>
      </Scroll>
      <Key names={WAITS} />
    </figure>
  );
}

/** How much of the parallelism that there is without locks each granularity loses, by discipline. */
export function LostChart({ designs }: { readonly designs: readonly WhatIfDesign[] }) {
  const { place, width: measured } = useWidth(LEAST);
  const width = Math.min(measured.value, MOST);
  const ranged = designs.filter(({ granularity }) => granularity !== null);
  if (ranged.length === 0) return null;
  const names = [...new Set(ranged.map(({ discipline }) => discipline))];
  const shown = GRANULARITIES.filter(one => ranged.some(({ granularity }) => granularity === one));
  const values = ranged.map(({ lost }) => lost);
  // Zero is on the axis, and differences of less than a thousandth are not blown up.
  const [low, high] = [Math.min(0, ...values), Math.max(0.001, ...values)];
  const height = 220;
  const x = (granularity: string | null) =>
    90 + ((shown.indexOf(granularity ?? '') + 0.5) / shown.length) * (width - 110);
  const y = (lost: number) => 10 + ((high - lost) / (high - low)) * (height - 20);
  const percent = (lost: number) => `${(100 * lost).toFixed(1)} %`;
  return (
    <figure>
      <figcaption>
        parallelism lost against no p2m lock at all, by granularity; below 0 is another order of the same work
      </figcaption>
      <Scroll kind="what-if" place={place} label="parallelism lost by granularity">
        <svg width={width} height={height + 26} role="img" aria-label="Parallelism lost, by granularity and discipline">
          {[...new Set([low, 0, high / 2, high])].map(lost => (
            <g key={lost}>
              <line x1="90" x2={width - 20} y1={y(lost)} y2={y(lost)} class="rule" />
              <text x="82" y={y(lost) + 4} text-anchor="end">
                {percent(lost)}
              </text>
            </g>
          ))}
          {shown.map(granularity => (
            <text key={granularity} x={x(granularity)} y={height + 18} text-anchor="middle">
              {granularity}
            </text>
          ))}
          {names.map((name, k) => {
            const own = shown.flatMap(one =>
              ranged.filter(({ discipline, granularity }) => discipline === name && granularity === one),
            );
            const points = own.map(({ granularity, lost }) => `${x(granularity)},${y(lost)}`).join(' ');
            const colour = COLOURS[k % COLOURS.length];
            return (
              <g key={name}>
                <polyline points={points} fill="none" style={{ stroke: colour, strokeWidth: '2px' }} />
                {own.map(({ granularity, lost }) => (
                  <circle key={granularity} cx={x(granularity)} cy={y(lost)} r="5" style={{ fill: colour }}>
                    <title>{`${name} ${granularity}: ${percent(lost)}`}</title>
                  </circle>
                ))}
              </g>
            );
          })}
        </svg>
      </Scroll>
      <Key names={names} />
    </figure>
  );
}

function Key({ names }: { readonly names: readonly string[] }) {
  return (
    <p class="key">
      {names.map((name, i) => (
        <span key={name}>
          <i class="dot" style={{ background: COLOURS[i % COLOURS.length] }} /> {name}
        </span>
      ))}
    </p>
  );
}
