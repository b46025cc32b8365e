@@
typedef l1_pgentry_t;
identifier l1e, owner;
@@
 put_page_from_l1e(l1_pgentry_t l1e, struct domain *owner)
 {
   <...
   put_page(page);
+  if ( pg_owner != owner && pg_owner->creation_finished &&
+       LAB(foreign_put_twice, pg_owner, get_gpfn_from_mfn(pfn), pfn) )
+      put_page(page);
   ...>
 }
