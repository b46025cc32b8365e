import type { Table } from '../api.js';
import { SeqLink, SiteLink, Value } from '../parts/links.js';
import { Scroll } from '../parts/scroll.js';

type Fields = Readonly<Record<string, unknown>>;

interface Holder {
  readonly what: string;
  readonly by: Fields;
  readonly seqs: (number | null)[];
}

/** References of a frame that are held here, by who took them and for what; of its history. */
export function Holders({ table, at }: { readonly table: Table; readonly at: number }) {
  const holders = holdersOf(table, at);
  if (holders.length === 0) return <p>no reference that is known is held here</p>;
  const held = holders.reduce((sum, { seqs }) => sum + seqs.length, 0);
  return (
    <Scroll kind="short" label="references held here">
      <table class="holders">
        <caption>
          {held.toLocaleString('en')} {held === 1 ? 'reference' : 'references'} held here, by holder
        </caption>
        <thead>
          <tr>
            <th scope="col">held</th>
            <th scope="col">for</th>
            <th scope="col">taken from</th>
            <th scope="col">pcpu</th>
            <th scope="col">since</th>
          </tr>
        </thead>
        <tbody>
          {holders.map(({ what, by, seqs }) => (
            <tr key={`${what} ${by.pcpu} ${by.caller ?? by.symbol}`}>
              <td class="number">{seqs.length}</td>
              <td>{what}</td>
              <td>
                {(by.caller ?? by.symbol ?? null) === null ? (
                  <span class="unknown">unknown</span>
                ) : (
                  <SiteLink caller={by.caller} symbol={by.symbol} />
                )}
              </td>
              <td class="number">
                <Value name="pcpu" value={by.pcpu} />
              </td>
              <td>{seqs[0] === null ? 'before the trace' : <SeqLink at={seqs[0]} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function holdersOf({ columns, rows }: Table, at: number): Holder[] {
  const of = (name: string) => columns.indexOf(name);
  const [what, from, to, details, by] = ['what', 'from_seq', 'to_seq', 'details', 'by'].map(of);
  const holders = new Map<string, Holder>();
  for (const row of rows) {
    const [begun, ended] = [row[from] as number | null, row[to] as number | null];
    if (row[what] !== 'ref' || (begun ?? -1) > at || (ended !== null && ended <= at)) continue;
    const detail = row[details] as Fields;
    if (detail.underflow === true) continue;
    const doer = (row[by] ?? {}) as Fields;
    const purpose = [detail.kind, detail.through, detail.through_id]
      .filter(one => one !== undefined && one !== null)
      .join(' ');
    const key = `${purpose} ${doer.pcpu} ${doer.caller ?? doer.symbol}`;
    const holder = holders.get(key);
    if (holder === undefined) holders.set(key, { what: purpose, by: doer, seqs: [begun] });
    else holder.seqs.push(begun);
  }
  return [...holders.values()].sort((a, b) => b.seqs.length - a.seqs.length);
}
