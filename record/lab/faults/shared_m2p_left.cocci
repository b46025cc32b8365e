@@
identifier d, gfn;
@@
 nominate_page(struct domain *d, gfn_t gfn, ...)
 {
   <...
-  set_gpfn_from_mfn(mfn_x(mfn), SHARED_M2P_ENTRY);
+  if ( !LAB(shared_m2p_left, d, gfn_x(gfn), mfn_x(mfn)) )
+      set_gpfn_from_mfn(mfn_x(mfn), SHARED_M2P_ENTRY);
   ...>
 }
