import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/virtual-core';
import { useEffect, useMemo, useReducer, useRef } from 'preact/hooks';
import type { Table } from '../api.js';
import { Value } from './links.js';
import { Scroll } from './scroll.js';

const ROW = 26;

/** A table of any length: only rows that are seen are there. */
export function VirtualTable({ table, label }: { readonly table: Table; readonly label: string }) {
  const scroller = useRef<HTMLElement>(null);
  const [, redraw] = useReducer((n: number, _: undefined) => n + 1, 0);
  const virtual = useMemo(
    () =>
      new Virtualizer<HTMLElement, Element>({
        count: table.rows.length,
        getScrollElement: () => scroller.current,
        estimateSize: () => ROW,
        overscan: 12,
        initialRect: { width: 800, height: 400 },
        observeElementRect,
        observeElementOffset,
        scrollToFn: elementScroll,
        onChange: () => redraw(undefined),
      }),
    [table],
  );
  useEffect(() => {
    const done = virtual._didMount();
    virtual._willUpdate();
    redraw(undefined);
    return done;
  }, [virtual]);
  const items = virtual.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const { columns, rows } = table;
  // Names stand over their numbers.
  const isNumber = useMemo(
    () => columns.map((_, i) => typeof rows.find(row => row[i] !== null)?.[i] === 'number'),
    [table],
  );
  return (
    <div class="table">
      <Scroll place={scroller} label={label}>
        <table aria-rowcount={rows.length + 1}>
          <thead>
            <tr>
              {columns.map((name, i) => (
                <th key={i} scope="col" class={isNumber[i] ? 'number' : undefined}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {above > 0 && (
              <tr class="gap">
                <td colSpan={columns.length} style={{ height: `${above}px`, padding: 0 }} />
              </tr>
            )}
            {items.map(({ index }) => {
              const values = rows[index];
              // What a cell's link needs from beside it.
              const row = Object.fromEntries(columns.map((name, i) => [name, values[i]]));
              return (
                <tr key={index} aria-rowindex={index + 2}>
                  {columns.map((name, i) => (
                    <td key={i} class={isNumber[i] ? 'number' : undefined}>
                      <Cell name={name} value={values[i]} row={row} />
                    </td>
                  ))}
                </tr>
              );
            })}
            {below > 0 && (
              <tr class="gap">
                <td colSpan={columns.length} style={{ height: `${below}px`, padding: 0 }} />
              </tr>
            )}
          </tbody>
        </table>
      </Scroll>
      <p class="count">
        {table.before > 0 && `the last of ${(table.before + 1).toLocaleString('en')} results: `}
        {table.cut ? `the first ${rows.length.toLocaleString('en')} rows` : `${rows.length.toLocaleString('en')} rows`}
      </p>
    </div>
  );
}

function Cell({
  name,
  value,
  row,
}: {
  readonly name: string;
  readonly value: unknown;
  readonly row: Readonly<Record<string, unknown>>;
}) {
  if (value === null) return <span class="unknown">null</span>;
  if (typeof value !== 'object' || Array.isArray(value)) return <Value name={name} value={value} row={row} />;
  const fields = value as Readonly<Record<string, unknown>>;
  const given = Object.entries(fields).filter(([, one]) => one !== null && !(Array.isArray(one) && one.length === 0));
  return (
    <span class="nested">
      {given.map(([key, one]) => (
        <span key={key}>
          <i>{key}</i>&nbsp;
          {typeof one === 'object' && !Array.isArray(one) ? (
            <Cell name={key} value={one} row={fields} />
          ) : (
            <Value name={key} value={one} row={fields} />
          )}{' '}
        </span>
      ))}
    </span>
  );
}
