@@
identifier op;
@@
 unmap_common_complete(struct gnttab_unmap_common *op)
 {
   <...
   if ( op->done & GNTMAP_host_map )
   {
     <...
     put_page(pg);
+    if ( LAB(grant_twice, rd, LAB_NONE, mfn_x(op->mfn)) )
+        put_page(pg);
     ...>
   }
   ...>
 }
