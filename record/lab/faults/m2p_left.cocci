@@
identifier d, gfn, order;
expression M;
@@
 decrease_reservation(struct domain *d, gfn_t gfn, unsigned int order)
 {
   <...
-  set_gpfn_from_mfn(M, INVALID_M2P_ENTRY);
+  if ( !LAB(m2p_left, d, gfn_x(gfn) + i, M) )
+      set_gpfn_from_mfn(M, INVALID_M2P_ENTRY);
   ...>
 }
