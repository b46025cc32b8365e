// Before 4.22 HAP flushes at once: to lose what was put off, it must be put off.
@@
identifier p2m, oflags;
expression D, M;
@@
 hap_write_p2m_entry_post(struct p2m_domain *p2m, unsigned int oflags)
 {
   <...
-  guest_flush_tlb_mask(D, M);
+  {
+      if ( lab_chosen(LAB_flush_dropped) )
+      {
+          p2m->tlb_flush = lab_flush;
+          p2m->need_flush = 1;
+      }
+      else
+          guest_flush_tlb_mask(D, M);
+  }
   ...>
 }

@@
@@
+static void lab_flush(struct p2m_domain *p2m)
+{
+    guest_flush_tlb_mask(p2m->domain, p2m->domain->dirty_cpumask);
+}
+
 hap_write_p2m_entry_post(...)
 {
  ...
 }

@@
identifier p2m;
@@
 p2m_unlock_and_tlb_flush(struct p2m_domain *p2m)
 {
   <...
-  p2m->tlb_flush(p2m);
+  if ( !LAB(flush_dropped, p2m->domain, LAB_NONE, LAB_NONE) )
+      p2m->tlb_flush(p2m);
   ...>
 }
