@@
identifier p2m, order;
@@
 p2m_pod_demand_populate(struct p2m_domain *p2m, gfn_t gfn, unsigned int order)
 {
   <...
-  p2m->pod.entry_count -= (1UL << order);
+  if ( order || !LAB(pod_entry_count, d, gfn_x(gfn), mfn_x(mfn)) )
+      p2m->pod.entry_count -= (1UL << order);
   ...>
 }
