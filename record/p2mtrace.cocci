// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Puts the calls of p2mtrace.h into a Xen tree, 4.17 and later.  apply.sh runs it and counts what it did.
// Where it can, a rule wraps the value of a call, so that it depends on no control flow of the caller.

// 0x801 lookup
@lookup@
typedef mfn_t, gfn_t, p2m_type_t, p2m_access_t, p2m_query_t, mm_lock_t, mm_rwlock_t, gfn_info_t;
identifier p2m, gfn, t, a, q, order, locked;
type L;
expression E;
@@
 p2m_get_gfn_type_access(struct p2m_domain *p2m, gfn_t gfn, p2m_type_t *t, p2m_access_t *a, p2m_query_t q,
                               unsigned int *order, L locked)
 {
   <...
-  return E;
+  return p2mt_lookup(p2m, gfn, E, *t, order, q, locked);
   ...>
 }

// 0x80b put_gfn
@put_gfn@
identifier p2m, gfn;
@@
 p2m_put_gfn(struct p2m_domain *p2m, gfn_t gfn)
 {
+  p2mt_put_gfn(p2m, gfn);
   ...
 }

// 0x802 set_entry
@set_entry@
expression P, G, M, O, T, A, S;
@@
- P->set_entry(P, G, M, O, T, A, S)
+ p2mt_set_entry(P, G, M, O, T, A, P->set_entry(P, G, M, O, T, A, S))

// 0x804 put_page, 0x817 alloc_ref_drop
@put_page@
identifier pg, nx;
statement S;
@@
 put_page(struct page_info *pg)
 {
   ...
+  p2mt_put(pg, nx);
   if ( unlikely((nx & PGC_count_mask) == 0) ) S
 }

// The put_page() in it is the drop of the allocation's reference: told through a per-cpu variable.
@alloc_ref@
identifier pg;
@@
 put_page_alloc_ref(struct page_info *pg)
 {
   <...
+  p2mt_alloc_ref_begin(pg);
   put_page(pg);
   ...>
 }

// 0x803 get_page
@get_page_x@
identifier pg, x, y;
@@
 page_get_owner_and_reference(struct page_info *pg)
 {
   <...
   y = cmpxchg(&pg->count_info, x, x + 1)
   ...>
 }

@get_page@
identifier get_page_x.pg, get_page_x.x, owner;
@@
 page_get_owner_and_reference(struct page_info *pg)
 {
   <...
(
-  return NULL;
+  { p2mt_get_failed(pg, x); return NULL; }
|
+  p2mt_get(pg, owner, x + 1, 0);
   return owner;
)
   ...>
 }

@get_page_light_x@
identifier pg, nx, x;
@@
 get_page_light(struct page_info *pg)
 {
   <...
   nx = x + 1;
   ...>
 }

@get_page_light@
identifier get_page_light_x.pg, get_page_light_x.nx;
@@
 get_page_light(struct page_info *pg)
 {
   ... when any
+  p2mt_get(pg, page_get_owner(pg), nx, 1);
 }

// 0x805 get_type, 0x806 put_type
@get_type@
expression P, T, B;
@@
- _get_page_type(P, T, B)
+ p2mt_get_type(P, T, _get_page_type(P, T, B))

@put_type@
expression P, F, Q;
@@
- _put_page_type(P, F, Q)
+ p2mt_put_type(P, _put_page_type(P, F, Q))

// 0x809 page_alloc, 0x80a page_free
@page_alloc@
identifier pg, d, order, flags;
@@
 alloc_domheap_pages(struct domain *d, unsigned int order, unsigned int flags)
 {
   <...
-  return pg;
+  return p2mt_page_alloc(pg, order);
   ...>
 }

@page_free@
identifier pg, order, d;
expression X;
@@
 free_domheap_pages(struct page_info *pg, unsigned int order)
 {
   ...
   struct domain *d = page_get_owner(pg);
   <...
+  p2mt_page_free(pg, order, d);
   free_heap_pages(pg, order, X);
   ...>
 }

// 0x80c m2p_set
@m2p_set@
identifier mfn, pfn;
expression E;
@@
 set_gpfn_from_mfn(unsigned long mfn, unsigned long pfn)
 {
   <...
   machine_to_phys_mapping[mfn] = E;
+  p2mt_m2p_set(mfn, E);
   ...>
 }

// 0x80d owner_set: pages that change hands after their allocation
@owner_fn@
identifier fn = { steal_page, page_make_sharable, page_make_private };
expression P, D;
@@
 fn(...)
 {
   <...
-  page_set_owner(P, D);
+  {
+    const struct domain *p2mt_from = page_get_owner(P);
+
+    page_set_owner(P, D);
+    p2mt_owner_set(P, p2mt_from, D);
+  }
   ...>
 }

@share_xen@
identifier pg, d, fl;
expression L;
@@
 share_xen_page_with_guest(struct page_info *pg, struct domain *d, enum XENSHARE_flags fl)
 {
   <...
   page_list_add_tail(pg, L);
+  p2mt_owner_set(pg, NULL, d);
   ...>
 }

@assign_caller@
identifier fn != { assign_page, alloc_domheap_pages, p2mt_assign };
expression P, N, D, F;
@@
 fn(...)
 {
   <...
(
- assign_pages(P, N, D, F)
+ p2mt_assign(P, N, D, assign_pages(P, N, D, F))
|
- assign_page(P, N, D, F)
+ p2mt_assign(P, 1U << (N), D, assign_page(P, N, D, F))
)
   ...>
 }

// 0x807 lock_acquire, 0x808 lock_release, 0x814 lock_wait
@mm_lock@
identifier d, l, func, level, rec;
@@
 _mm_lock(const struct domain *d, mm_lock_t *l, const char *func, int level, int rec)
 {
   ...
(
+  if ( l->lock.recurse_cnt && !mm_locked_by_me(l) )
+    p2mt_lock(0x814, l, _lock_level(d, level), 0, 0);
   rspin_lock(&l->lock);
|
+  if ( l->lock.recurse_cnt && !mm_locked_by_me(l) )
+    p2mt_lock(0x814, l, _lock_level(d, level), 0, 0);
   spin_lock_recursive(&l->lock);
)
   ...
   _set_lock_level(_lock_level(d, level));
+  p2mt_lock(0x807, l, _lock_level(d, level), 0, l->lock.recurse_cnt);
 }

@mm_unlock@
identifier l;
@@
 mm_unlock(mm_lock_t *l)
 {
+  p2mt_lock(0x808, l, _get_lock_level(), 0, l->lock.recurse_cnt);
   ...
 }

@mm_write_wait@
identifier d, l, func, level;
@@
 _mm_write_lock(const struct domain *d, mm_rwlock_t *l, const char *func, int level)
 {
   <...
+  if ( l->locker != -1 )
+    p2mt_lock(0x814, l, _lock_level(d, level), 1, 0);
   percpu_write_lock(p2m_percpu_rwlock, &l->lock);
   ...>
 }

@mm_write_lock@
identifier d, l, func, level;
@@
 _mm_write_lock(const struct domain *d, mm_rwlock_t *l, const char *func, int level)
 {
   <...
   l->recurse_count++;
+  p2mt_lock(0x807, l, _lock_level(d, level), 1, l->recurse_count);
   ...>
 }

@mm_write_unlock@
identifier l;
@@
 mm_write_unlock(mm_rwlock_t *l)
 {
+  p2mt_lock(0x808, l, p2mt_rw_level(l), 1, l->recurse_count);
   ...
 }

@mm_read_lock@
identifier d, l, level;
@@
 _mm_read_lock(const struct domain *d, mm_rwlock_t *l, int level)
 {
   ...
+  if ( l->locker != -1 )
+    p2mt_lock(0x814, l, _lock_level(d, level), 2, 0);
   percpu_read_lock(p2m_percpu_rwlock, &l->lock);
+  p2mt_lock(0x807, l, _lock_level(d, level), 2, 1);
 }

@mm_read_unlock@
identifier l;
@@
 mm_read_unlock(mm_rwlock_t *l)
 {
+  p2mt_lock(0x808, l, p2mt_rw_level(l), 2, 1);
   ...
 }

// 0x811 tlb_flush
@tlb_flush@
expression P;
@@
 P->tlb_flush(P);
+ p2mt_tlb_flush(P, false);

@tlb_deferred@
identifier P;
expression E != 0;
@@
(
 P->need_flush = 0;
|
 P->need_flush = E;
+ p2mt_tlb_flush(P, true);
)

@tlb_hap@
identifier fn = { hap_write_p2m_entry_post };
expression D, M;
identifier P;
@@
 fn(struct p2m_domain *P, ...)
 {
   <...
   guest_flush_tlb_mask(D, M);
+  p2mt_tlb_flush(P, false);
   ...>
 }

// 0x812 pod_cache
@pod_add@
identifier p2m, pg, order;
@@
 p2m_pod_cache_add(struct p2m_domain *p2m, struct page_info *pg, unsigned int order)
 {
   ... when any
+  p2mt_pod_cache(p2m, pg, order, 0);
   return 0;
 }

@pod_get@
identifier p2m, order;
identifier p != NULL;
@@
 p2m_pod_cache_get(struct p2m_domain *p2m, unsigned int order)
 {
   <...
+  p2mt_pod_cache(p2m, p, order, 1);
   return p;
   ...>
 }

// 0x80f sharing
@share_nominate@
identifier d, gfn;
expression M;
@@
 nominate_page(struct domain *d, gfn_t gfn, ...)
 {
   <...
   set_gpfn_from_mfn(mfn_x(M), SHARED_M2P_ENTRY);
+  p2mt_share(M, gfn_x(gfn), d->domain_id, 0, rmap_count(page));
   ...>
 }

@share_pages@
expression D, G, M;
@@
 share_pages(...)
 {
   <...
   BUG_ON(set_shared_p2m_entry(D, G, M));
+  p2mt_share(M, G, D->domain_id, 1, rmap_count(spage));
   ...>
 }

@unshare@
identifier d, gfn;
expression P;
@@
 __mem_sharing_unshare_page(struct domain *d, unsigned long gfn, ...)
 {
   <...
   mem_sharing_gfn_destroy(P, d, ...);
+  p2mt_share(page_to_mfn(P), gfn, d->domain_id, 2, rmap_count(P));
   ...>
 }

@rmap_add@
identifier g, pg;
@@
 rmap_add(gfn_info_t *g, struct page_info *pg)
 {
   ... when any
   list_add(...);
+  p2mt_share(page_to_mfn(pg), g->gfn, g->domain, 3, rmap_count(pg));
   ... when any
 }

@rmap_del@
identifier g, pg, c;
@@
 rmap_del(gfn_info_t *g, struct page_info *pg, int c)
 {
   ... when any
   list_del(...);
+  p2mt_share(page_to_mfn(pg), g->gfn, g->domain, 4, rmap_count(pg) - 1);
   ... when any
 }

// 0x810 grants
@grant_map@
@@
(
 TRACE_1D(TRC_MEM_PAGE_GRANT_MAP, op->dom);
+ p2mt_grant(mfn, ld, op->dom, op->ref, handle, 0, op->flags);
|
 TRACE_TIME(TRC_MEM_PAGE_GRANT_MAP, op->dom);
+ p2mt_grant(mfn, ld, op->dom, op->ref, handle, 0, op->flags);
)

@grant_unmap@
@@
 unmap_common(...)
 {
   ... when any
+  if ( put_handle )
+    p2mt_grant(op->mfn, ld, dom, ref, op->handle, 1, flags);
   op->status = rc;
   rcu_unlock_domain(rd);
 }

// 0x813 altp2m
@altp2m_create@
identifier d, idx;
statement S1, S2;
@@
 p2m_activate_altp2m(struct domain *d, unsigned int idx, ...)
 {
   ... when != S1
+  p2mt_altp2m(d, idx, 0, 0, 0);
   S2
   ... when any
 }

@altp2m_reset@
identifier d, idx, how;
type T;
statement S1, S2;
@@
 p2m_reset_altp2m(struct domain *d, unsigned int idx, T how)
 {
   ... when != S1
+  p2mt_altp2m(d, idx, how == ALTP2M_DEACTIVATE ? 1 : 2, 0, 0);
   S2
   ... when any
 }

@altp2m_remap@
identifier d, idx, o, n;
statement S1, S2;
@@
 p2m_change_altp2m_gfn(struct domain *d, unsigned int idx, gfn_t o, gfn_t n)
 {
   ... when != S1
+  p2mt_altp2m(d, idx, 3, gfn_x(o), gfn_x(n));
   S2
   ... when any
 }

@altp2m_switch@
identifier v, idx;
statement S1, S2;
@@
 p2m_switch_vcpu_altp2m_by_id(struct vcpu *v, unsigned int idx)
 {
   ... when != S1
+  p2mt_altp2m(v->domain, idx, 4, 0, 0);
   S2
   ... when any
 }

// 0x80e page_use
@use_map@
identifier mfn;
statement S1, S2;
@@
 map_domain_page(mfn_t mfn)
 {
   ... when != S1
+  p2mt_use(mfn_x(mfn), 0, P2MT_CALLER());
   S2
   ... when any
 }
