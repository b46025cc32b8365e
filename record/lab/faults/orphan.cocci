@@
identifier d, gmfn;
@@
 guest_remove_page(struct domain *d, unsigned long gmfn)
 {
   <...
-  put_page_alloc_ref(page);
+  if ( !LAB(orphan, d, gmfn, mfn_x(mfn)) )
+      put_page_alloc_ref(page);
   ...>
 }
