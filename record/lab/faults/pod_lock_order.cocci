@@
identifier d, gfn, order;
@@
 decrease_reservation(struct domain *d, gfn_t gfn, unsigned int order)
 {
   ...
-  gfn_lock(p2m, gfn, order);
-  pod_lock(p2m);
+  if ( LAB(pod_lock_order, d, gfn_x(gfn), LAB_NONE) )
+  {
+      pod_lock(p2m);
+      gfn_lock(p2m, gfn, order);
+  }
+  else
+  {
+      gfn_lock(p2m, gfn, order);
+      pod_lock(p2m);
+  }
   ...
 }
