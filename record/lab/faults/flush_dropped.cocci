@@
identifier p2m, oflags;
expression D, M;
@@
 hap_write_p2m_entry_post(struct p2m_domain *p2m, unsigned int oflags)
 {
   <...
-  guest_flush_tlb_mask(D, M);
+  {
+      if ( LAB(flush_dropped, D, LAB_NONE, LAB_NONE) )
+      {
+          p2m->need_flush = 1;
+          p2m->need_flush = 0;
+      }
+      else
+          guest_flush_tlb_mask(D, M);
+  }
   ...>
 }
