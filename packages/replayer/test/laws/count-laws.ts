import { type FactStore, PAGE_SPANS, type PageRow, REF_SPANS, TYPE_REF_SPANS } from '../../src/index.js';
import { judge, type Laws, NOT_RECORDED, type Point } from './law.js';

/** What docs/xen.md#page-invariants says of every page. */
export const COUNT_LAWS: Laws = {
  'a page that is referenced has an owner': point =>
    judge(counted(point), page => (page.count > 0n && page.owner === null ? about(page) : undefined)),

  'PGC_allocated is one of the references': point =>
    judge(counted(point), page => (isAllocated(page) && page.count === 0n ? about(page) : undefined)),

  'a page with type references has general ones': point =>
    judge(counted(point), page => ((page.type_count ?? 0n) > 0n && page.count === 0n ? about(page) : undefined)),

  'the count is the number of open references': point => {
    const open = openAt(point.facts, REF_SPANS, point.until);
    return judge(counted(point), page => {
      const references = open.get(keyOf(page)) ?? 0;
      return Number(page.count) === references ? undefined : `${about(page)}, ${references} references`;
    });
  },

  'the type count is the number of open type references': point => {
    const open = openAt(point.facts, TYPE_REF_SPANS, point.until);
    const typed = point.pages.filter(({ type_count, generation }) => type_count !== null && generation > 0);
    return judge(typed, page => {
      const references = open.get(keyOf(page)) ?? 0;
      return Number(page.type_count) === references ? undefined : `${about(page)}, ${references} type references`;
    });
  },
};

/** What holds whenever a page is freed. */
export const FREE_LAWS: Laws = {
  'a page that is freed has no reference left': ({ facts }) =>
    judge(freed(facts), page => (page.count > 0 ? `${page.mfn.toString(16)}: ${page.count}` : undefined)),

  'a page that is freed has no type reference left': ({ facts, until }) => {
    const open = openAt(facts, TYPE_REF_SPANS, until);
    if (facts.rows('type_ref_spans') === 0) return NOT_RECORDED;
    return judge(freed(facts), page => {
      const references = open.get(keyOf(page));
      return references === undefined ? undefined : `${page.mfn.toString(16)}: ${references}`;
    });
  },
};

type Counted = PageRow & { readonly count: bigint };

/** Pages whose life began in the trace and whose count is known. */
const counted = ({ pages }: Point) =>
  pages.filter((page): page is Counted => page.count !== null && page.generation > 0);

const isAllocated = (page: PageRow) => page.count_flags?.includes('allocated') === true;
const keyOf = ({ mfn, generation }: { mfn: number; generation: number }) => `${mfn} ${generation}`;
const about = ({ mfn, count, count_flags, owner }: PageRow) =>
  `${mfn.toString(16)} of ${owner}: ${count} ${count_flags?.join(' ')}`;

/** References by page and generation that are open before the event `until`. */
function openAt(facts: FactStore, spec: typeof REF_SPANS | typeof TYPE_REF_SPANS, until: number): Map<string, number> {
  const open = new Map<string, number>();
  for (const { rows, columns: c } of facts.chunks(spec)) {
    for (let row = 0; row < rows; row++) {
      // A comparison with NaN (null) is false.
      if (c.from_seq[row] >= until || c.to_seq[row] < until || c.underflow[row] !== 0) continue;
      const key = keyOf({ mfn: c.mfn[row], generation: c.generation[row] });
      open.set(key, (open.get(key) ?? 0) + 1);
    }
  }
  return open;
}

/** Every page that was freed, and whose count was known then. */
function* freed(facts: FactStore) {
  for (const { rows, columns: c } of facts.chunks(PAGE_SPANS)) {
    for (let row = 0; row < rows; row++) {
      if (Number.isNaN(c.to_seq[row]) || Number.isNaN(c.freed_count[row])) continue;
      yield { mfn: c.mfn[row], generation: c.generation[row], count: c.freed_count[row] };
    }
  }
}
