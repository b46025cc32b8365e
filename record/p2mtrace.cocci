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
+  unsigned long p2mt_who = p2mt_lookup_site();
   <...
-  return E;
+  return p2mt_lookup(p2m, gfn, E, t, order, q, locked, p2mt_who);
   ...>
 }

// The entries that code reads for itself, under the lock that it holds.
@looked_up@
expression P;
position at;
@@
 p2m_get_gfn_type_access(...)
 {
   <...
   P->get_entry@at(...)
   ...>
 }

@get_entry@
expression P, G, T, A, Q, O, V;
position at != looked_up.at;
@@
- P->get_entry@at(P, G, T, A, Q, O, V)
+ p2mt_get_entry(P, G, T, Q, O, P->get_entry(P, G, T, A, Q, O, V))

// 0x80b put_gfn
@put_gfn@
identifier p2m, gfn;
@@
 p2m_put_gfn(struct p2m_domain *p2m, gfn_t gfn)
 {
+  p2mt_put_gfn(p2m, gfn);
   ...
 }

// 0x802 set_entry: p2m_set_entry() names its caller, who writes an entry by itself is named.
@sets_for_others@
expression P;
position at;
@@
 p2m_set_entry(...)
 {
   <...
   P->set_entry@at(...)
   ...>
 }

@set_entry@
expression P, G, M, O, T, A, S;
position at != sets_for_others.at;
@@
- P->set_entry@at(P, G, M, O, T, A, S)
+ p2mt_set_entry(P, G, M, O, T, A, p2mt_here(), P->set_entry(P, G, M, O, T, A, S))

@set_entry_for_others@
expression P, G, M, O, T, A, S;
@@
 p2m_set_entry(...)
 {
   <...
-  P->set_entry(P, G, M, O, T, A, S)
+  p2mt_set_entry(P, G, M, O, T, A, P2MT_CALLER(), P->set_entry(P, G, M, O, T, A, S))
   ...>
 }

// 0x804 put_page, 0x817 alloc_ref_drop
@ref_put@
identifier pg, nx;
statement S;
@@
 put_page(struct page_info *pg)
 {
+  const struct domain *p2mt_from = p2mt_owner(pg);
   ...
+  p2mt_put(pg, p2mt_from, nx);
   if ( unlikely((nx & PGC_count_mask) == 0) ) S
 }

// The put_page() in it is the drop of the allocation's reference.
@alloc_ref@
identifier pg;
@@
 put_page_alloc_ref(struct page_info *pg)
 {
   <...
-  put_page(pg);
+  p2mt_put_alloc_ref(pg);
   ...>
 }

// 0x803 get_page
@ref_get_x@
identifier pg, x, y;
@@
 page_get_owner_and_reference(struct page_info *pg)
 {
   <...
   y = cmpxchg(&pg->count_info, x, x + 1)
   ...>
 }

@ref_get@
identifier ref_get_x.pg, ref_get_x.x, owner;
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

@ref_light_x@
identifier pg, nx, x;
@@
 get_page_light(struct page_info *pg)
 {
   <...
   nx = x + 1;
   ...>
 }

@ref_light@
identifier ref_light_x.pg, ref_light_x.nx;
@@
 get_page_light(struct page_info *pg)
 {
   ... when any
+  p2mt_get(pg, page_get_owner(pg), nx, 1);
 }

// Helpers: what they look up, get and put is told with the function that called them.
@helper@
identifier fn = { get_page, p2m_get_page_from_gfn, get_page_from_mfn_and_type, check_get_page_from_gfn };
@@
 fn(...)
 {
+  struct p2mt_site p2mt_who = p2mt_helper();
   ...
 }

@helper_calls@
identifier fn = { get_page, p2m_get_page_from_gfn, get_page_from_mfn_and_type, check_get_page_from_gfn };
expression P, D, G, T, A, Q, O, L;
@@
 fn(...)
 {
   <...
(
- page_get_owner_and_reference(P)
+ p2mt_for(p2mt_who, page_get_owner_and_reference(P))
|
- get_page(P, D)
+ p2mt_for(p2mt_who, get_page(P, D))
|
- get_page_from_mfn_and_type(P, D, T)
+ p2mt_for(p2mt_who, get_page_from_mfn_and_type(P, D, T))
|
- get_page_from_gfn(D, G, T, Q)
+ p2mt_for(p2mt_who, get_page_from_gfn(D, G, T, Q))
|
- p2m_get_gfn_type_access(P, G, T, A, Q, O, L)
+ p2mt_for(p2mt_who, p2m_get_gfn_type_access(P, G, T, A, Q, O, L))
|
- get_gfn_type_access(P, G, T, A, Q, O)
+ p2mt_for(p2mt_who, get_gfn_type_access(P, G, T, A, Q, O))
)
   ...>
 }

@helper_put@
identifier fn = { get_page };
expression P;
@@
 fn(...)
 {
   <...
-  put_page(P);
+  p2mt_put_for(p2mt_who, P);
   ...>
 }

// 0x805 get_type: with the value of the change itself where others may change it at once
@get_type@
identifier pg, type, preemptible;
constant C;
@@
 _get_page_type(struct page_info *pg, unsigned long type, bool preemptible)
 {
   <...
(
-  return 0;
+  return p2mt_get_type(pg, type, nx, 0);
|
-  return -C;
+  return p2mt_get_type(pg, type, x, -C);
|
-  return rc;
+  return p2mt_get_type(pg, type, pg->u.inuse.type_info, rc);
)
   ...>
 }

// 0x806 put_type: only where a reference was dropped, not where it is kept (-ERESTART, -EINTR)
@put_type@
identifier pg, flags, ptpg;
expression E;
statement S;
@@
 _put_page_type(struct page_info *pg, unsigned int flags, struct page_info *ptpg)
 {
   <...
   if ( ptpg && E ) S
+  p2mt_put_type(pg, nx);
   return 0;
   ...>
 }

@put_final_type@
identifier pg;
@@
 _put_final_page_type(struct page_info *pg, ...)
 {
   <...
+  p2mt_put_type(pg, pg->u.inuse.type_info - 1);
   pg->u.inuse.type_info--;
   ...>
 }

// 0x809 page_alloc, 0x80a page_free
@page_alloc@
identifier d, order, flags;
identifier pg != NULL;
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

@assigned@
identifier fn = { assign_page, alloc_domheap_pages };
position at;
@@
 fn(...)
 {
   <...
(
   assign_pages@at(...)
|
   assign_page@at(...)
)
   ...>
 }

@assign@
expression P, N, D, F;
position at != assigned.at;
@@
(
- assign_pages@at(P, N, D, F)
+ p2mt_assign(P, N, D, assign_pages(P, N, D, F))
|
- assign_page@at(P, N, D, F)
+ p2mt_assign(P, 1U << (N), D, assign_page(P, N, D, F))
)

// 0x807 lock_acquire, 0x808 lock_release, 0x814 lock_wait (before the check of the level)
@mm_lock@
identifier d, l, func, level, rec;
@@
 _mm_lock(const struct domain *d, mm_lock_t *l, const char *func, int level, int rec)
 {
   ...
   _set_lock_level(_lock_level(d, level));
+  p2mt_lock(0x807, l, _lock_level(d, level), 0, l->lock.recurse_cnt);
 }

@mm_lock_wait@
identifier d, l, func, level, rec;
@@
 _mm_lock(const struct domain *d, mm_lock_t *l, const char *func, int level, int rec)
 {
   <...
+  p2mt_lock_wait(l, l->lock.recurse_cnt, _lock_level(d, level), 0);
   _check_lock_level(d, level);
   ...>
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
+  p2mt_lock_wait(l, l->locker != -1, _lock_level(d, level), 1);
   _check_lock_level(d, level);
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

@mm_read_wait@
identifier d, l, level;
@@
 _mm_read_lock(const struct domain *d, mm_rwlock_t *l, int level)
 {
   <...
+  p2mt_lock_wait(l, l->locker != -1, _lock_level(d, level), 2);
   _check_lock_level(d, level);
   ...>
 }

@mm_read_lock@
identifier d, l, level;
@@
 _mm_read_lock(const struct domain *d, mm_rwlock_t *l, int level)
 {
   ...
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

// Behind mem_sharing_gfn_destroy() the page still has the type reference of the entry.
@unshare@
identifier d, gfn;
expression P;
@@
 __mem_sharing_unshare_page(struct domain *d, unsigned long gfn, ...)
 {
   <...
   mem_sharing_gfn_destroy(P, d, ...);
+  p2mt_share(page_to_mfn(P), gfn, d->domain_id, 2, rmap_count(P) - 1);
   ...>
 }

// Entries are counted by their type references, which are taken before rmap_add() and dropped after rmap_del().
@rmap_added@
expression G, P;
@@
 rmap_add(G, P);
+ p2mt_share(page_to_mfn(P), G->gfn, G->domain, 3, rmap_count(P));

@rmap_deleted@
expression G, P;
@@
 mem_sharing_gfn_destroy(...)
 {
   <...
   rmap_del(G, P, 1);
+  p2mt_share(page_to_mfn(P), G->gfn, G->domain, 4, rmap_count(P) - 1);
   ...>
 }

// The client's references are dropped when all of its entries have moved.
@rmap_moved@
expression G, P;
@@
 share_pages(...)
 {
   <...
   rmap_del(G, P, 0);
+  p2mt_share(page_to_mfn(P), G->gfn, G->domain, 4, rmap_count(P) - 1 - put_count);
   ...>
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

@grant_transfer@
expression V;
@@
 gnttab_transfer(...)
 {
   <...
(
 TRACE_1D(TRC_MEM_PAGE_GRANT_TRANSFER, e->domain_id);
+ p2mt_grant(page_to_mfn(page), e, d->domain_id, gop.ref, 0, 2, 0);
|
 TRACE_TIME(TRC_MEM_PAGE_GRANT_TRANSFER, e->domain_id);
+ p2mt_grant(page_to_mfn(page), e, d->domain_id, gop.ref, 0, 2, 0);
)
   ...>
 }

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

// What a dying domain still had mapped.
@grant_release@
identifier d;
expression F;
@@
 gnttab_release_mappings(struct domain *d)
 {
   <...
+  p2mt_grant(act->mfn, d, map->domid, ref, handle, 1, map->flags);
   reduce_status_for_pin(rd, act, status, F);
   ...>
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

// 0x818 domain_dying
@dying@
expression D;
@@
 D->is_dying = DOMDYING_dying;
+ p2mt_domain_dying(D);

// 0x819 paging: where the entry is written
@paging_nominate@
identifier d, gfn;
expression P, M, O, T, A;
@@
 nominate(struct domain *d, gfn_t gfn)
 {
   <...
-  p2m_set_entry(P, gfn, M, O, T, A)
+  p2mt_paging(d, gfn, M, 0, p2m_set_entry(P, gfn, M, O, T, A))
   ...>
 }

@paging_evict@
identifier d, gfn;
expression P, M, O, T, A;
@@
 evict(struct domain *d, gfn_t gfn)
 {
   <...
-  p2m_set_entry(P, gfn, M, O, T, A)
+  p2mt_paging(d, gfn, mfn, 1, p2m_set_entry(P, gfn, M, O, T, A))
   ...>
 }

@paging_populate@
identifier d, gfn;
expression P, M, O, T, A;
@@
 p2m_mem_paging_populate(struct domain *d, gfn_t gfn)
 {
   <...
-  p2m_set_entry(P, gfn, M, O, T, A)
+  p2mt_paging(d, gfn, M, 2, p2m_set_entry(P, gfn, M, O, T, A))
   ...>
 }

// Its parameters can't be matched: the type of the last is a macro's.
@paging_prepare@
expression P, G, M, O, T, A;
@@
 prepare(...)
 {
   <...
-  p2m_set_entry(P, G, M, O, T, A)
+  p2mt_paging(d, G, M, 3, p2m_set_entry(P, G, M, O, T, A))
   ...>
 }

@paging_resume@
identifier d;
expression P, G, M, O, T, A;
@@
 p2m_mem_paging_resume(struct domain *d, ...)
 {
   <...
-  p2m_set_entry(P, G, M, O, T, A)
+  p2mt_paging(d, G, M, 4, p2m_set_entry(P, G, M, O, T, A))
   ...>
 }

// 0x81a type_change_range
@type_change_range@
expression P, O, N, S, E;
@@
- P->change_entry_type_range(P, O, N, S, E)
+ p2mt_type_change(P, O, N, S, E, P->change_entry_type_range(P, O, N, S, E))

@type_change_global@
expression P, O, N;
@@
 P->change_entry_type_global(P, O, N);
+ p2mt_type_change(P, O, N, 0, ~0UL, 0);

// 0x81b p2m_table
@table_alloc@
identifier p2m, level, pg;
@@
 p2m_alloc_ptp(struct p2m_domain *p2m, unsigned int level)
 {
   ... when any
+  p2mt_table(p2m, pg, 0);
   return page_to_mfn(pg);
 }

// Freed by itself, and with all the others of a p2m.
@table_free@
identifier fn = { p2m_free_ptp, p2m_flush_table_locked, p2m_teardown }, p2m;
expression D, G;
@@
 fn(struct p2m_domain *p2m, ...)
 {
   <...
+  p2mt_table(p2m, G, 1);
   D->arch.paging.free_page(D, G);
   ...>
 }
