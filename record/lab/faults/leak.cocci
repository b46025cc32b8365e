@@
identifier d, gmfn;
@@
 guest_remove_page(struct domain *d, unsigned long gmfn)
 {
   <...
-  put_page(page);
+  if ( rc || !LAB(leak, d, gmfn, mfn_x(mfn)) )
+      put_page(page);
   ...>
 }
