import type { Operation } from './entries.js';
import { hex } from './event-line.js';

/** Pages that a pool grows to. */
const MOST = 64;

/**
 * The shadow pool gets a page, uses one, or gives one back. Its pages have no owner and no allocation's reference, and
 * their words hold what the pool writes there (docs/xen.md#count-writers): a page may be freed at any count.
 */
export const shadowPool: Operation = function* (machine, pcpu) {
  const { pool, random } = machine;
  const grows = pool.length < MOST && random.next() < 0.5;
  if (grows || pool.length === 0) {
    const page = machine.frame();
    page.count = random.below(4);
    yield { kind: 'page_alloc', pcpu, mfn: hex(page.mfn), order: 0 };
    pool.push(page);
    return;
  }
  const [page] = pool.splice(random.below(pool.length), 1);
  if (random.next() < 0.5) {
    const mfn = hex(page.mfn);
    yield { kind: 'get_page', pcpu, mfn, count_info: hex(++page.count) };
    yield { kind: 'put_page', pcpu, mfn, count_info: hex(--page.count) };
    // The pool writes it anew.
    page.count = random.below(4);
    pool.push(page);
    return;
  }
  yield { kind: 'page_free', pcpu, mfn: hex(page.mfn), order: 0 };
  machine.release(page);
};
