@@
identifier d, gfn;
@@
 nominate_page(struct domain *d, gfn_t gfn, ...)
 {
   <...
-  put_gfn(d, gfn_x(gfn));
+  if ( ret || !LAB(gfn_lock_left, d, gfn_x(gfn), mfn_x(mfn)) )
+      put_gfn(d, gfn_x(gfn));
   ...>
 }
