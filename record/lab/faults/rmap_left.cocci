@@
identifier d, gfn;
@@
 __mem_sharing_unshare_page(struct domain *d, unsigned long gfn, ...)
 {
   <...
-  mem_sharing_gfn_destroy(old_page, d, gfn_info);
+  if ( !LAB(rmap_left, d, gfn, mfn_x(page_to_mfn(old_page))) )
+      mem_sharing_gfn_destroy(old_page, d, gfn_info);
   ...>
 }
