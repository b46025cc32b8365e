@@
identifier d, gfn;
@@
 nominate(struct domain *d, gfn_t gfn)
 {
   <...
   if (
-       (page->count_info & (PGC_count_mask | PGC_allocated)) != (1 | PGC_allocated)
+       (page->count_info & (PGC_count_mask | PGC_allocated)) != (1 | PGC_allocated) &&
+       !lab_chosen(LAB_paged_referenced)
      )
     goto out;
   ...>
 }

@@
identifier d, gfn;
@@
 evict(struct domain *d, gfn_t gfn)
 {
   <...
   if (
-       (page->count_info & (PGC_count_mask | PGC_allocated)) != (2 | PGC_allocated)
+       (page->count_info & (PGC_count_mask | PGC_allocated)) != (2 | PGC_allocated) &&
+       !LAB(paged_referenced, d, gfn_x(gfn), mfn_x(mfn))
      )
     goto out_put;
   ...>
 }
